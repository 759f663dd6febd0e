// Heartbeat: what a data server says of itself when it is asked (resp/PROTOCOL.md, "Control port of
// a data server").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/status.h"
#include "base/topology/topology.h"
#include "resp/value.h"

namespace doris::admin {

// An update log that the server keeps for another one.
struct KeptLog {
  topology::NodeId target = topology::kNoNode;
  uint64_t entries = 0;
  uint64_t bytes = 0;
  Millis oldest{0};                    // The age of its oldest entry, at most.
  std::optional<Progress> draining{};  // In entries; while the target recovers.
  bool full = false;                   // Takes what makes it no larger only, in one shard at least.

  bool operator==(const KeptLog&) const = default;
};

// Its part of a DORIS.VERIFY.
struct VerificationFacts {
  uint64_t id = 0;
  Progress progress;                          // In vnodes.
  std::map<std::string, uint64_t> skipped{};  // Vnodes that could not be compared, by the reason.
  uint64_t differences = 0;
  uint64_t mended = 0;
  std::vector<std::string> samples{};  // The first differences, in words.

  bool operator==(const VerificationFacts&) const = default;
};

struct Heartbeat {
  topology::Epoch epoch = 0;  // The server's.
  bool ready = false;         // It serves requests.
  uint32_t shards_offline = 0;
  topology::Epoch recovered_epoch = 0;  // While it recovers: where it says it is complete; or 0.
  uint32_t vnodes_left = 0;             // While it recovers: not known to be complete yet.
  uint64_t incarnation = 0;             // Another one at each start of its process.
  bool disk_full = false;               // It refuses writes until there is room.
  std::optional<Progress> recovery{};   // In vnodes.
  std::vector<KeptLog> logs{};
  std::optional<VerificationFacts> verification{};
  std::optional<Progress> anti_entropy{};  // In vnodes, of the round that is under way.
  uint64_t disk_mark = 0;       // How far its disk has come (disk_marks.h); 0: not known.
  Millis shards_silent_for{0};  // How long a shard has done nothing; 0: all go on.

  bool operator==(const Heartbeat&) const = default;
};

// The answer of the node called `name`. An error says what else answers at its address.
[[nodiscard]] Result<Heartbeat> read_heartbeat(const Result<resp::Value>& reply,
                                               const std::string& name);

}  // namespace doris::admin

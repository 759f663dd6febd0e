// NodeHealth: what the heartbeats say about one data server. It decides when silence
// counts as failure. Pure: callers pass `now`.
//
// This is what the admin sees, not what the cluster has agreed on: the topology's NodeState
// changes only with an epoch, NodeHealth with every heartbeat.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/topology/topology.h"

namespace doris::admin {

enum class Health : uint8_t {
  kUnknown,  // Not heard of, and not given up: the admin or the server has just started.
  kUp,       // Answers.
  kDown,     // Has failed to answer too many times in a row.
};

[[nodiscard]] std::string_view health_name(Health health);  // "unknown", "up", "down".

// An answer to DORIS.HEARTBEAT.
struct Heartbeat {
  topology::Epoch epoch = 0;  // The server's.
  bool ready = false;         // It serves requests.
  uint32_t shards_offline = 0;
};

class NodeHealth {
 public:
  // `failures_max` > 0 heartbeats in a row that fail make a node kDown; one that succeeds
  // makes it kUp.
  explicit NodeHealth(uint32_t failures_max) : failures_max_(failures_max) {}

  // Each returns whether health() has changed.
  bool answered(const Heartbeat& heartbeat, TimePoint now);
  bool missed(std::string why, TimePoint now);

  // The node has taken over a topology, which the next heartbeat will say too.
  void adopted(topology::Epoch epoch);

  [[nodiscard]] Health health() const { return health_; }

  // Answers, serves requests, and all of its shards do.
  [[nodiscard]] bool serves() const {
    return health_ == Health::kUp && last_.ready && last_.shards_offline == 0;
  }

  // The last answer; all zero if there was none.
  [[nodiscard]] const Heartbeat& last() const { return last_; }

  // Why the last heartbeat failed; empty if it did not.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  // When it has last answered or, if it never has, when the first heartbeat failed.
  [[nodiscard]] TimePoint since() const { return since_; }

 private:
  const uint32_t failures_max_;
  Health health_ = Health::kUnknown;
  uint32_t failures_ = 0;  // In a row.
  Heartbeat last_;
  std::string trouble_;
  TimePoint since_{};
};

}  // namespace doris::admin

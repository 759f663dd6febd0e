// What a shard tells its node a few times a second, beside its counters (shard_stats.h): what it
// does for others and for itself that takes a while. A node's report is the sum of its shards'.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/topology/topology.h"

namespace doris::server {

// An update log that is kept for another node.
struct LogReport {
  topology::NodeId target = topology::kNoNode;
  uint64_t entries = 0;
  uint64_t bytes = 0;                // Of their keys and values.
  bool full = false;                 // In one shard at least, which takes what makes it no larger.
  int64_t oldest_ms = 0;             // Unix time of the oldest entry, or of an older one.
  std::optional<Progress> draining;  // In entries; while the node recovers.
};

struct VerificationReport {
  static constexpr size_t kSamplesMax = 20;

  uint64_t id = 0;  // Of the operator's command.
  uint64_t total = 0;
  uint64_t left = 0;
  std::map<std::string, uint64_t> skipped{};  // Vnodes that could not be compared, by the reason.
  uint64_t differences = 0;
  uint64_t mended = 0;
  Millis elapsed{0};
  std::vector<std::string> samples;  // The first differences, in words.
};

struct ShardReport {
  std::vector<LogReport> logs;           // By target.
  std::optional<Progress> recovery;      // In vnodes.
  std::optional<Progress> anti_entropy;  // Likewise, of the round that is under way.
  std::optional<VerificationReport> verification;
};

// What a node's shards say together. Of a verification nothing before all of them have begun it.
[[nodiscard]] ShardReport sum_of(std::span<const ShardReport> reports);

}  // namespace doris::server

// NodeHealth: what the heartbeats say about one data server. It decides when silence
// counts as failure. Pure: callers pass `now`.
//
// This is what the admin sees, not what the cluster has agreed on: the topology's NodeState
// changes only with an epoch, NodeHealth with every heartbeat.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "admin/heartbeat.h"
#include "base/clock.h"

namespace doris::admin {

enum class Health : uint8_t {
  kUnknown,  // Not heard of, and not given up: the admin or the server has just started.
  kUp,       // Answers.
  kDown,     // Has failed to answer too many times in a row.
};

[[nodiscard]] std::string_view health_name(Health health);  // "unknown", "up", "down".

class NodeHealth {
 public:
  // `failures_max` > 0 heartbeats in a row that fail make a node kDown; one that succeeds
  // makes it kUp. One that was never heard of is waited for during `grace` at least: when all
  // programs are started together, the admin may be the first.
  explicit NodeHealth(uint32_t failures_max, Millis grace = Millis{0})
      : failures_max_(failures_max), grace_(grace) {}

  // Each returns whether health() has changed.
  bool answered(const Heartbeat& heartbeat, TimePoint now);
  bool missed(std::string why, bool refused, TimePoint now);

  // The node has taken over a topology, which the next heartbeat will say too.
  void adopted(topology::Epoch epoch);

  [[nodiscard]] Health health() const { return health_; }

  // Whether the last heartbeat failed since the connection was refused: its machine is there,
  // its process is not.
  [[nodiscard]] bool is_refused() const { return refused_; }

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
  const Millis grace_;
  Health health_ = Health::kUnknown;
  uint32_t failures_ = 0;  // In a row.
  Heartbeat last_;
  std::string trouble_;
  bool refused_ = false;
  TimePoint since_{};
};

}  // namespace doris::admin

// OperatorViews: what DORIS.STATUS, NODES, ROUTE and HISTORY answer, as values: maps for
// programs, which resp/render.h turns into lines for people. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/journal.h"
#include "admin/membership.h"
#include "admin/monitor.h"
#include "admin/node_health.h"
#include "admin/refusal_list.h"
#include "admin/watcher_list.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/topology/topology.h"
#include "resp/value.h"

namespace doris::admin {

// When a data server counts as failed, and what then: the settings of these names.
struct FailoverRules {
  Millis heartbeat_interval{0};
  Millis heartbeat_timeout{0};
  uint32_t heartbeat_failures = 0;
  Millis permanent_failure_after{0};
  bool degraded_writes = true;
};

// What there is to see. References and functions are valid during a call.
struct Scene {
  const topology::Topology& topology;
  const MembershipRules& rules;
  std::function<const NodeHealth*(topology::NodeId)> health;  // nullptr: not watched.
  std::vector<Watcher> watchers;
  TimePoint now;
  WantedVerification verification{};  // The last DORIS.VERIFY.
  FailoverRules failover{};
  std::string outdated{};  // Admin::outdated().
  std::vector<Refusal> refusals{};
  std::string store_trouble{};  // Why the admin's last change was not kept.
};

// The cluster in a few lines: does it serve, and is everything there twice?
[[nodiscard]] resp::Value status_view(const Scene& scene);

// One map for each node.
[[nodiscard]] resp::Value nodes_view(const Scene& scene);

// Where a key lives. kUnavailable while the cluster is forming.
Result<resp::Value> route_view(const Scene& scene, std::string_view physical_key);

// One map for each entry, in the order given.
[[nodiscard]] resp::Value history_view(const std::vector<JournalEntry>& entries);

// A text of several lines, one item each.
[[nodiscard]] resp::Value lines_view(std::string_view text);

// Of how many vnodes the two copies, only one, or none can be reached. "2 copies of all
// 10000 vnodes", or what is missing and whose fault it is.
[[nodiscard]] std::string copies_text(const Scene& scene);

// "b1", "b1 and b2", "b1, b2 and b3"; empty if there is none.
[[nodiscard]] std::string list_text(std::vector<std::string_view> names);

// "350 ms", "12 s", "3 min", "5 h", "2 d": a duration, as exactly as people want it.
[[nodiscard]] std::string duration_text(Millis duration);

}  // namespace doris::admin

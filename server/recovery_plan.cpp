#include "server/recovery_plan.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace doris::server {
namespace {

using topology::Node;
using topology::NodeState;

bool answers(const Node& node) {
  return node.state == NodeState::kUp || node.state == NodeState::kRecovering ||
         node.state == NodeState::kStandby;
}

// Whether `self` may have missed writes that `other`, which has failed too, has.
bool has_newer_data(const Node& other, const Node& self) {
  if (other.since != self.since) return other.since > self.since;
  return other.id < self.id && other.state == NodeState::kRecovering;
}

// What was kept for a node that was replaced by one which has nothing yet may be the newest, too.
void add_the_dead(const topology::Topology& topology, topology::Group group,
                  std::set<topology::NodeId>& targets) {
  for (const Node& node : topology.nodes) {
    if (node.group == group && node.state == NodeState::kDead) targets.insert(node.id);
  }
}

}  // namespace

RecoveryPlan plan_recovery(const topology::RoutingTable& table, topology::NodeId self,
                           uint8_t shard) {
  const topology::Topology& topology = table.topology();
  const Node* const me = topology.find(self);
  DORIS_CHECK(me != nullptr && me->group != topology::Group::kStandby, "only owners recover");
  RecoveryPlan plan;
  for (const Node& node : topology.nodes) {
    if (node.id == self || !answers(node)) continue;
    for (uint8_t each = 0; each < node.shards; ++each)
      plan.log_keepers.push_back({node.id, each});
  }
  std::set<topology::NodeId> behind;  // Those with older data.
  for (uint32_t v = 0; v < table.vnodes(); ++v) {
    const auto vnode = static_cast<topology::Vnode>(v);
    if (table.replica(vnode, me->group) != topology::Replica{self, shard}) continue;
    const topology::Replica other = table.replica(vnode, other_group(me->group));
    const Node& owner = *topology.find(other.node);
    if (table.is_up(vnode, other_group(me->group))) {
      plan.compare[other].push_back(vnode);
    } else if (has_newer_data(owner, *me)) {
      ++plan.waiting;
    } else {
      behind.insert(other.node);
      if (owner.state == NodeState::kRecovering) plan.fetch[other].push_back(vnode);
    }
  }
  const auto is_behind_since = [&](topology::Epoch epoch) {
    return std::ranges::any_of(
        behind, [&](topology::NodeId id) { return topology.find(id)->since == epoch; });
  };
  const bool is_filled_anew = is_behind_since(topology::kSinceEver);
  plan.own_logs_needed = is_filled_anew || is_behind_since(topology::kSinceLongAgo);
  if (is_filled_anew) add_the_dead(topology, other_group(me->group), behind);
  for (const topology::NodeId target : behind) {
    for (const topology::Replica& keeper : plan.log_keepers) {
      const bool is_needed = topology.find(target)->stand_in == keeper.node;
      plan.other_logs.push_back({keeper, target, is_needed});
    }
  }
  return plan;
}

}  // namespace doris::server

#include "base/topology/routing_table.h"

#include <algorithm>

#include "base/check.h"

namespace doris::topology {

RoutingTable::RoutingTable(Topology topology) : topology_(std::move(topology)) {
  DORIS_CHECK(topology_.formed(), "a forming cluster routes nothing");
  const Status valid = topology_.validate(/*allow_same_machine=*/true);
  DORIS_CHECK(valid.ok(), valid.message());

  const size_t ids = size_t{topology_.nodes.back().id} + 1;
  std::vector<uint8_t> shards(ids, 0);
  up_.resize(ids, false);
  for (const Node& node : topology_.nodes) {
    shards[node.id] = node.shards;
    up_[node.id] = node.state == NodeState::kUp;
  }
  for (size_t group = 0; group < kGroups; ++group) {
    replicas_[group].resize(vnodes());
    for (uint32_t vnode = 0; vnode < vnodes(); ++vnode) {
      const NodeId node = topology_.owner[group][vnode];
      replicas_[group][vnode] = {node, static_cast<uint8_t>(vnode % shards[node])};
    }
  }
  primary_.resize(vnodes());
  const auto is_up = [&](uint32_t vnode, Group group) {
    return up_[topology_.owner[static_cast<size_t>(group)][vnode]];
  };
  for (uint32_t vnode = 0; vnode < vnodes(); ++vnode) {
    const Group home = topology_.primary[vnode];
    const bool moves = !is_up(vnode, home) && is_up(vnode, other_group(home));
    primary_[vnode] = moves ? other_group(home) : home;
  }
}

SecondCopy RoutingTable::second_copy(Vnode vnode) const {
  const Replica other = replica(vnode, secondary(vnode));
  if (up_[other.node]) return {SecondCopy::Kind::kReplica, other, other.node};
  const Node& owner = *topology_.find(other.node);
  if (owner.state == NodeState::kRecovering) {
    return {SecondCopy::Kind::kReplica, other, other.node};
  }
  if (const Node* keeper = topology_.find(owner.stand_in); keeper != nullptr) {
    const Replica where{keeper->id, static_cast<uint8_t>(vnode % keeper->shards)};
    return {SecondCopy::Kind::kLog, where, other.node};
  }
  if (topology_.degraded_writes) {
    return {SecondCopy::Kind::kLog, replica(vnode, primary(vnode)), other.node};
  }
  return {SecondCopy::Kind::kNowhere, {}, other.node};
}

bool RoutingTable::contacted(NodeId node) const {
  const Node* const found = topology_.find(node);
  if (found == nullptr) return false;
  const bool takes_writes =
      found->state == NodeState::kUp || found->state == NodeState::kRecovering;
  if (takes_writes && owned(node) > 0) return true;
  return std::ranges::any_of(topology_.nodes,
                             [&](const Node& other) { return other.stand_in == node; });
}

uint32_t RoutingTable::owned(NodeId node) const {
  ptrdiff_t count = 0;
  for (const auto& owner : topology_.owner)
    count += std::ranges::count(owner, node);
  return static_cast<uint32_t>(count);
}

uint32_t RoutingTable::primaries(NodeId node) const {
  uint32_t count = 0;
  for (uint32_t vnode = 0; vnode < vnodes(); ++vnode) {
    if (served(static_cast<Vnode>(vnode)) &&
        replica(static_cast<Vnode>(vnode), primary_[vnode]).node == node)
      ++count;
  }
  return count;
}

}  // namespace doris::topology

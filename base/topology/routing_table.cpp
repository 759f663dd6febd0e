#include "base/topology/routing_table.h"

#include <algorithm>

#include "base/check.h"

namespace doris::topology {

RoutingTable::RoutingTable(Topology topology) : topology_(std::move(topology)) {
  DORIS_CHECK(topology_.formed(), "a forming cluster routes nothing");
  const Status valid = topology_.validate(/*allow_same_machine=*/true);
  DORIS_CHECK(valid.ok(), valid.message());

  std::vector<uint8_t> shards(size_t{topology_.nodes.back().id} + 1, 0);
  for (const Node& node : topology_.nodes)
    shards[node.id] = node.shards;
  for (size_t group = 0; group < kGroups; ++group) {
    replicas_[group].resize(vnodes());
    for (uint32_t vnode = 0; vnode < vnodes(); ++vnode) {
      const NodeId node = topology_.owner[group][vnode];
      replicas_[group][vnode] = {node, static_cast<uint8_t>(vnode % shards[node])};
    }
  }
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
    const auto group = static_cast<size_t>(topology_.primary[vnode]);
    if (topology_.owner[group][vnode] == node) ++count;
  }
  return count;
}

}  // namespace doris::topology

// RoutingTable: what the data path asks of a topology. Immutable, shared by all threads.
//
//   Vnode vnode = hasher.vnode(key, table.vnodes());
//   const Replica& primary = table.replica(vnode, table.primary(vnode));
#pragma once

#include <memory>
#include <vector>

#include "base/topology/topology.h"

namespace doris::topology {

// Where one copy of a vnode lives.
struct Replica {
  NodeId node = kNoNode;
  uint8_t shard = 0;  // Which of the node's shard threads: vnode mod Node::shards.
};

class RoutingTable {
 public:
  // REQUIRES: topology.formed() and topology.validate() is ok.
  explicit RoutingTable(Topology topology);

  [[nodiscard]] const Topology& topology() const { return topology_; }
  [[nodiscard]] Epoch epoch() const { return topology_.epoch; }
  [[nodiscard]] uint32_t vnodes() const { return topology_.vnodes; }
  [[nodiscard]] Group primary(Vnode vnode) const { return topology_.primary[vnode]; }
  [[nodiscard]] Group secondary(Vnode vnode) const {
    return primary(vnode) == Group::kA ? Group::kB : Group::kA;
  }
  [[nodiscard]] Replica replica(Vnode vnode, Group group) const {
    return replicas_[static_cast<size_t>(group)][vnode];
  }

  // How many vnodes `node` owns; of how many it holds the primary replica.
  [[nodiscard]] uint32_t owned(NodeId node) const;
  [[nodiscard]] uint32_t primaries(NodeId node) const;

 private:
  // Constant after construction.
  Topology topology_;
  std::array<std::vector<Replica>, kGroups> replicas_;
};

using RoutingTablePtr = std::shared_ptr<const RoutingTable>;

}  // namespace doris::topology

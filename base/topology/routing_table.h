// RoutingTable: what the data path asks of a topology. Immutable, shared by all threads.
//
//   Vnode vnode = hasher.vnode(key, table.vnodes());
//   Replica primary = table.replica(vnode, table.primary(vnode));
//
// It alone says what the nodes' states mean for a vnode, to routers and data servers alike:
//
//   owners a, b             primary     second copy of a write
//   up, up                  home        the other replica
//   up, recovering          a           b: it takes writes, and serves no reads
//   up, temp-failed         a           b's update log: at its stand-in; with none, beside the
//                                       first copy, or the write is refused (degraded_writes)
//   neither up              nobody      -
#pragma once

#include <compare>
#include <memory>
#include <vector>

#include "base/topology/topology.h"

namespace doris::topology {

// Where one copy of a vnode lives.
struct Replica {
  NodeId node = kNoNode;
  uint8_t shard = 0;  // Which of the node's shard threads: vnode mod Node::shards.

  auto operator<=>(const Replica&) const = default;
};

// Where a write goes besides the primary replica.
struct SecondCopy {
  enum class Kind : uint8_t {
    kReplica,  // `where` is the other replica.
    kLog,      // `where` keeps the update log of `target`, which owns the other replica.
    kNowhere,  // `target` has failed, nobody stands in, and degraded writes are refused.
  };
  Kind kind = Kind::kReplica;
  Replica where{};
  NodeId target = kNoNode;  // The owner of the other replica.
};

class RoutingTable {
 public:
  // REQUIRES: topology.formed() and topology.validate() is ok.
  explicit RoutingTable(Topology topology);

  [[nodiscard]] const Topology& topology() const { return topology_; }
  [[nodiscard]] Epoch epoch() const { return topology_.epoch; }
  [[nodiscard]] uint32_t vnodes() const { return topology_.vnodes; }

  // The group whose replica serves reads and orders writes. If served() is false there is none
  // at present, and this is where one is expected first.
  [[nodiscard]] Group primary(Vnode vnode) const { return primary_[vnode]; }
  [[nodiscard]] bool served(Vnode vnode) const { return is_up(vnode, primary(vnode)); }

  // Whether the owner of that replica is up: then it holds every acknowledged write.
  [[nodiscard]] bool is_up(Vnode vnode, Group group) const {
    return up_[replica(vnode, group).node];
  }

  [[nodiscard]] Group secondary(Vnode vnode) const { return other_group(primary(vnode)); }
  [[nodiscard]] Replica replica(Vnode vnode, Group group) const {
    return replicas_[static_cast<size_t>(group)][vnode];
  }

  [[nodiscard]] SecondCopy second_copy(Vnode vnode) const;

  // Whether anything is ever sent to `node`: it is up or recovering and owns vnodes, or it
  // stands in for a failed one.
  [[nodiscard]] bool contacted(NodeId node) const;

  // How many vnodes `node` owns; of how many it is the primary now.
  [[nodiscard]] uint32_t owned(NodeId node) const;
  [[nodiscard]] uint32_t primaries(NodeId node) const;

 private:
  // Constant after construction.
  Topology topology_;
  std::array<std::vector<Replica>, kGroups> replicas_;
  std::vector<Group> primary_;
  std::vector<bool> up_;  // By node id.
};

using RoutingTablePtr = std::shared_ptr<const RoutingTable>;

}  // namespace doris::topology

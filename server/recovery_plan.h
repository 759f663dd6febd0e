// RecoveryPlan: what one shard of a node that is `recovering` has to do before the node may be
// `up`. Pure: a topology goes in.
//
//   the other owner of a vnode..
//     is up                      compare with it: it has every acknowledged write
//     failed before this node    nothing: this node's copy is the newest there is
//     failed after it            wait for it: it has what this node missed
//
// Of two that failed in the same epoch neither has missed a write: if both are back the lower id
// goes first, and the other is compared with it.
#pragma once

#include <map>
#include <vector>

#include "base/topology/routing_table.h"

namespace doris::server {

struct RecoveryPlan {
  // Every shard that may keep an update log for this node: all that answer, since stand-ins may
  // have changed while the node was away.
  std::vector<topology::Replica> log_keepers;

  // The vnodes to compare, by where their other replica is.
  std::map<topology::Replica, std::vector<topology::Vnode>> compare;

  // How many vnodes wait for their other owner.
  uint32_t waiting = 0;
};

// REQUIRES: `self` is a node of the table's topology in group a or b.
[[nodiscard]] RecoveryPlan plan_recovery(const topology::RoutingTable& table, topology::NodeId self,
                                         uint8_t shard);

}  // namespace doris::server

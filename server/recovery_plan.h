// RecoveryPlan: what one shard of a node that is `recovering` has to do before the node may be
// `up`. Pure: a topology goes in.
//
//   the other owner of a vnode..
//     is up                      compare with it: it has every acknowledged write
//     failed before this node    this node's copy is the newest there is. But what it has
//                                acknowledged since then it may have lost with its process or its
//                                disk; the log that was kept for the other has that, too, and so
//                                has the other itself, if it recovers, from the time since then
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

  // Whether they have to answer. What was written since this node has failed is nowhere else if the
  // other copy has gone meanwhile: an older disk, or one that is filled anew.
  bool own_logs_needed = false;

  // Logs that are kept for who has failed before this node, or was given up, and had the other copy
  // of some of its vnodes.
  struct OtherLog {
    topology::Replica keeper;
    topology::NodeId target = topology::kNoNode;
    bool is_needed = false;  // The keeper is the target's stand-in.
  };
  std::vector<OtherLog> other_logs;

  // The vnodes to compare, by where their other replica is.
  std::map<topology::Replica, std::vector<topology::Vnode>> compare;

  // Those whose other replica is behind, and answers: to be fetched what is newer there.
  std::map<topology::Replica, std::vector<topology::Vnode>> fetch;

  // How many vnodes wait for their other owner.
  uint32_t waiting = 0;
};

// REQUIRES: `self` is a node of the table's topology in group a or b.
[[nodiscard]] RecoveryPlan plan_recovery(const topology::RoutingTable& table, topology::NodeId self,
                                         uint8_t shard);

}  // namespace doris::server

// Standing: what a data server knows of its place in the cluster, as one value. The control
// thread makes a new one when anything changes and hands it to every shard; shards decide by
// it, and by nothing else, whom they serve.
#pragma once

#include <string>

#include "base/topology/routing_table.h"

namespace doris::server {

struct Standing {
  std::string cluster;        // Empty: this node has not joined one yet.
  topology::Epoch epoch = 0;  // The highest seen; it is on the disk.
  topology::NodeId self = 0;  // 0: the topology does not name this node.
  topology::Group group = topology::Group::kA;
  topology::RoutingTablePtr table;  // nullptr before the first topology, and while forming.

  // Why nothing is served; empty if all is well. Until somebody says so, all is not.
  std::string not_ready = "this node waits for the admin to tell it the topology";

  // Then there is a table that names this node.
  [[nodiscard]] bool ready() const { return not_ready.empty(); }

  // Whether it is in one of the two groups; a standby only keeps update logs.
  [[nodiscard]] bool owns() const { return group != topology::Group::kStandby; }

  // The same table, not one that is like it.
  bool operator==(const Standing&) const = default;

  // REQUIRES: ready().
  [[nodiscard]] bool recovering() const {
    return owns() && table->topology().find(self)->state == topology::NodeState::kRecovering;
  }
  [[nodiscard]] bool is_up() const {
    return owns() && table->topology().find(self)->state == topology::NodeState::kUp;
  }
};

}  // namespace doris::server

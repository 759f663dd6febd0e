// Standing: what a data server knows of its place in the cluster, as one value. The control
// thread makes a new one when anything changes and hands it to every shard; shards decide by
// it, and by nothing else, whom they serve.
#pragma once

#include <string>

#include "base/topology/routing_table.h"

namespace doris::server {

struct Standing {
  std::string cluster;
  topology::Epoch epoch = 0;             // The highest seen; it is on the disk.
  topology::NodeId self = 0;             // 0: the topology does not name this node.
  topology::Group group = topology::Group::kA;
  topology::RoutingTablePtr table;       // nullptr while the cluster is forming.
  std::string not_ready;                 // Why nothing is served; empty if all is well.

  [[nodiscard]] bool ready() const { return not_ready.empty(); }
};

}  // namespace doris::server

// Topologies for the tests of this room.
#pragma once

#include <fmt/format.h>

#include "base/topology/allocation.h"
#include "base/topology/topology.h"

namespace doris::topology::test {

// Nodes a1, b1, a2, b2, ... each on a machine of its own, and nothing owned.
inline Topology forming_topology(uint32_t vnodes, uint32_t nodes_per_group, uint8_t shards = 1) {
  Topology topology;
  topology.cluster = "0123456789abcdef0123456789abcdef";
  topology.epoch = 1;
  topology.vnodes = vnodes;
  for (uint32_t i = 0; i < 2 * nodes_per_group; ++i) {
    Node node;
    node.id = static_cast<NodeId>(i + 1);
    node.group = i % 2 == 0 ? Group::kA : Group::kB;
    node.name = fmt::format("{}{}", group_name(node.group), i / 2 + 1);
    node.machine = fmt::format("machine-{}", i + 1);
    node.host = "127.0.0.1";
    node.port = static_cast<uint16_t>(7000 + 10 * i);
    node.shards = shards;
    topology.nodes.push_back(node);
  }
  return topology;
}

// The same, serving.
inline Topology formed_topology(uint32_t vnodes, uint32_t nodes_per_group, uint8_t shards = 1) {
  Topology topology = forming_topology(vnodes, nodes_per_group, shards);
  std::array<std::vector<NodeId>, kGroups> ids;
  for (Node& node : topology.nodes) {
    node.state = NodeState::kUp;
    ids[static_cast<size_t>(node.group)].push_back(node.id);
  }
  topology.owner = {allocate_group_a(vnodes, ids[0]), allocate_group_b(vnodes, ids[1])};
  topology.primary = initial_primaries(vnodes);
  return topology;
}

}  // namespace doris::topology::test

#include "base/topology/routing_table.h"

#include <catch2/catch.hpp>

#include "tests/topology/sample_topology.h"

namespace doris::topology {
namespace {

TEST_CASE("a routing table names both replicas of every vnode and their shards") {
  const Topology topology = test::formed_topology(1000, 3, 4);
  const RoutingTable table(topology);
  CHECK(table.epoch() == topology.epoch);
  CHECK(table.vnodes() == 1000);
  for (uint32_t v = 0; v < table.vnodes(); ++v) {
    const auto vnode = static_cast<Vnode>(v);
    for (const Group group : {Group::kA, Group::kB}) {
      const Replica replica = table.replica(vnode, group);
      REQUIRE(replica.node == topology.owner[static_cast<size_t>(group)][v]);
      REQUIRE(replica.shard == v % 4);
      REQUIRE(topology.find(replica.node)->group == group);
    }
    REQUIRE(table.primary(vnode) == topology.primary[v]);
    REQUIRE(table.secondary(vnode) != table.primary(vnode));
  }
}

TEST_CASE("each node's own number of shards decides where its vnodes are") {
  Topology topology = test::formed_topology(12, 1);
  topology.nodes[1].shards = 3;
  const RoutingTable table(std::move(topology));
  CHECK(table.replica(11, Group::kA).shard == 0);
  CHECK(table.replica(11, Group::kB).shard == 2);
}

TEST_CASE("owned and primary vnodes of all nodes add up") {
  const RoutingTable table(test::formed_topology(1000, 3));
  uint32_t owned = 0;
  uint32_t primaries = 0;
  for (const Node& node : table.topology().nodes) {
    owned += table.owned(node.id);
    primaries += table.primaries(node.id);
  }
  CHECK(owned == 2000);
  CHECK(primaries == 1000);
  CHECK(table.owned(99) == 0);
  CHECK(table.primaries(99) == 0);
}

}  // namespace
}  // namespace doris::topology

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
    REQUIRE(table.served(vnode));
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

// a1 b1 a2 b2, ids 1 to 4, and a standby s1, id 5; `failed` in `state` since epoch 1.
RoutingTable with_failed(NodeId failed, NodeState state, NodeId stand_in = kNoNode,
                         bool degraded_writes = true) {
  Topology topology = test::formed_topology(1000, 2);
  topology.nodes.push_back({.id = 5,
                            .name = "s1",
                            .group = Group::kStandby,
                            .state = NodeState::kStandby,
                            .machine = "machine-5",
                            .host = "127.0.0.1",
                            .port = 8000,
                            .shards = 3});
  topology.degraded_writes = degraded_writes;
  Node& node = topology.nodes[failed - 1U];
  node.state = state;
  node.since = 1;
  node.stand_in = stand_in;
  return RoutingTable(std::move(topology));
}

// Calls `check` with each vnode of group a's node `owner`.
template <class Check>
void each_vnode(const RoutingTable& table, NodeId owner, const Check& check) {
  for (uint32_t v = 0; v < table.vnodes(); ++v) {
    const auto vnode = static_cast<Vnode>(v);
    if (table.replica(vnode, Group::kA).node == owner) check(vnode);
  }
}

TEST_CASE("the other group is primary while an owner has failed or recovers") {
  const NodeState state = GENERATE(NodeState::kTempFailed, NodeState::kRecovering);
  const RoutingTable table = with_failed(1, state);
  each_vnode(table, 1, [&](Vnode vnode) {
    REQUIRE(table.primary(vnode) == Group::kB);
    REQUIRE(table.served(vnode));
  });
  each_vnode(table, 3, [&](Vnode vnode) {
    REQUIRE(table.primary(vnode) == table.topology().primary[vnode]);
    REQUIRE(table.second_copy(vnode).kind == SecondCopy::Kind::kReplica);
  });
  CHECK(table.primaries(1) == 0);
  CHECK(table.contacted(1) == (state == NodeState::kRecovering));
  CHECK_FALSE(table.contacted(5));
}

TEST_CASE("a recovering owner takes the second copy") {
  const RoutingTable table = with_failed(1, NodeState::kRecovering);
  each_vnode(table, 1, [&](Vnode vnode) {
    const SecondCopy copy = table.second_copy(vnode);
    REQUIRE(copy.kind == SecondCopy::Kind::kReplica);
    REQUIRE(copy.where.node == 1);
  });
}

TEST_CASE("the second copy of a failed owner goes to its stand-in's update log") {
  const RoutingTable table = with_failed(1, NodeState::kTempFailed, 5);
  each_vnode(table, 1, [&](Vnode vnode) {
    const SecondCopy copy = table.second_copy(vnode);
    REQUIRE(copy.kind == SecondCopy::Kind::kLog);
    REQUIRE(copy.where.node == 5);
    REQUIRE(copy.where.shard == vnode % 3);
    REQUIRE(copy.target == 1);
  });
  CHECK(table.contacted(5));
}

TEST_CASE("without a stand-in the log is beside the first copy, or writes are refused") {
  const RoutingTable degraded = with_failed(1, NodeState::kTempFailed);
  const RoutingTable strict = with_failed(1, NodeState::kTempFailed, kNoNode, false);
  each_vnode(degraded, 1, [&](Vnode vnode) {
    const SecondCopy copy = degraded.second_copy(vnode);
    REQUIRE(copy.kind == SecondCopy::Kind::kLog);
    REQUIRE(copy.where.node == degraded.replica(vnode, Group::kB).node);
    REQUIRE(copy.target == 1);
    REQUIRE(strict.second_copy(vnode).kind == SecondCopy::Kind::kNowhere);
  });
}

TEST_CASE("a vnode whose owners have both failed is served by nobody") {
  Topology topology = test::formed_topology(100, 1);
  for (Node& node : topology.nodes) {
    node.state = NodeState::kTempFailed;
    node.since = 1;
  }
  const RoutingTable table(std::move(topology));
  for (uint32_t v = 0; v < table.vnodes(); ++v)
    REQUIRE_FALSE(table.served(static_cast<Vnode>(v)));
}

}  // namespace
}  // namespace doris::topology

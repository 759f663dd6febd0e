// What a recovering node has to do, by the states of the others.
#include "server/recovery_plan.h"

#include <catch2/catch.hpp>

#include "tests/topology/sample_topology.h"

namespace doris::server {
namespace {

using topology::Node;
using topology::NodeState;

// a1 b1 a2 b2 (ids 1 to 4) of two shards each; a1 recovers since epoch 5.
topology::Topology with_a1_recovering() {
  topology::Topology topology = topology::test::formed_topology(64, 2, 2);
  topology.epoch = 9;
  topology.nodes[0].state = NodeState::kRecovering;
  topology.nodes[0].since = 5;
  return topology;
}

void fail(Node& node, topology::Epoch since) {
  node.state = NodeState::kTempFailed;
  node.since = since;
}

size_t compared(const RecoveryPlan& plan) {
  size_t count = 0;
  for (const auto& [where, vnodes] : plan.compare)
    count += vnodes.size();
  return count;
}

// The vnodes of a1's shard 0 whose other owner is `peer`.
size_t shared(const topology::RoutingTable& table, topology::NodeId peer) {
  size_t count = 0;
  for (topology::Vnode v = 0; v < table.vnodes(); ++v) {
    const bool mine = table.replica(v, topology::Group::kA) == topology::Replica{1, 0};
    count += mine && table.replica(v, topology::Group::kB).node == peer ? 1 : 0;
  }
  return count;
}

TEST_CASE("every vnode of the shard is compared with its other replica, where that is up") {
  const topology::RoutingTable table(with_a1_recovering());
  const RecoveryPlan plan = plan_recovery(table, 1, 0);
  CHECK(compared(plan) == shared(table, 2) + shared(table, 4));
  CHECK(plan.waiting == 0);
  for (const auto& [where, vnodes] : plan.compare) {
    for (const topology::Vnode vnode : vnodes) {
      CHECK(table.replica(vnode, topology::Group::kA) == topology::Replica{1, 0});
      CHECK(table.replica(vnode, topology::Group::kB) == where);
    }
  }
}

TEST_CASE("logs are looked for at every shard of every other node that answers") {
  topology::Topology topology = with_a1_recovering();
  fail(topology.nodes[2], 7);
  const RecoveryPlan plan = plan_recovery(topology::RoutingTable(topology), 1, 1);
  CHECK(plan.log_keepers == std::vector<topology::Replica>{{2, 0}, {2, 1}, {4, 0}, {4, 1}});
}

TEST_CASE("a peer that failed later is waited for, one that failed earlier is not") {
  const topology::Epoch since = GENERATE(4, 5, 6);
  topology::Topology topology = with_a1_recovering();
  fail(topology.nodes[1], since);
  const topology::RoutingTable table(topology);
  const RecoveryPlan plan = plan_recovery(table, 1, 0);
  CHECK(plan.waiting == (since > 5 ? shared(table, 2) : 0));
  CHECK(compared(plan) == shared(table, 4));
}

// What this node has acknowledged alone, and may have lost, they have.
TEST_CASE("who recovers with nobody to be compared with reads the logs kept for the others") {
  topology::Topology topology = with_a1_recovering();
  SECTION("the others are up: a comparison brings all") {
    CHECK(plan_recovery(topology::RoutingTable(topology), 1, 0).other_logs.empty());
  }
  SECTION("one has failed later: it is waited for") {
    fail(topology.nodes[1], 6);
    CHECK(plan_recovery(topology::RoutingTable(topology), 1, 0).other_logs.empty());
  }
  SECTION("one has failed earlier") {
    fail(topology.nodes[1], 4);
    topology.nodes[1].stand_in = 4;
    const RecoveryPlan plan = plan_recovery(topology::RoutingTable(topology), 1, 0);
    REQUIRE(plan.other_logs.size() == plan.log_keepers.size());
    for (const RecoveryPlan::OtherLog& log : plan.other_logs) {
      CHECK(log.target == 2);
      CHECK(log.is_needed == (log.keeper.node == 4));
    }
  }
  SECTION("one was replaced by one that has nothing: that of who was before, too") {
    fail(topology.nodes[1], topology::kSinceEver);
    Node dead = topology.nodes[1];
    dead.id = 5;
    dead.name = "b0";
    dead.state = NodeState::kDead;
    dead.since = 0;
    topology.nodes.push_back(dead);
    const RecoveryPlan plan = plan_recovery(topology::RoutingTable(topology), 1, 0);
    CHECK(plan.other_logs.size() == 2 * plan.log_keepers.size());
    CHECK(plan.other_logs.back().target == 5);
  }
}

// The log was kept beside the other copy's life, and may be all that is left of it.
TEST_CASE("who recovers where the other copy has gone needs the logs that were kept for it") {
  const auto since =
      GENERATE(topology::Epoch{topology::kSinceEver}, topology::Epoch{topology::kSinceLongAgo},
               topology::Epoch{4}, topology::Epoch{6});
  topology::Topology topology = with_a1_recovering();
  fail(topology.nodes[1], since);
  const RecoveryPlan plan = plan_recovery(topology::RoutingTable(topology), 1, 0);
  CHECK(plan.own_logs_needed == (since < 4));
}

// What it has taken since it recovers may be nowhere else.
TEST_CASE("who has failed later fetches what the other has that recovers, too") {
  topology::Topology topology = with_a1_recovering();
  fail(topology.nodes[1], 4);
  CHECK(plan_recovery(topology::RoutingTable(topology), 1, 0).fetch.empty());
  topology.nodes[1].state = NodeState::kRecovering;
  const topology::RoutingTable table(topology);
  const RecoveryPlan plan = plan_recovery(table, 1, 0);
  size_t fetched = 0;
  for (const auto& [where, vnodes] : plan.fetch) {
    CHECK(where.node == 2);
    fetched += vnodes.size();
  }
  CHECK(fetched == shared(table, 2));
  CHECK(plan_recovery(table, 2, 0).waiting > 0);
  CHECK(plan_recovery(table, 2, 0).fetch.empty());
}

// Its id may be the lower one.
TEST_CASE("who has an older disk waits for who failed, and not for who never had anything") {
  const auto since = GENERATE(topology::Epoch{topology::kSinceEver}, topology::Epoch{5});
  topology::Topology topology = with_a1_recovering();
  topology.nodes[0].state = NodeState::kUp;
  topology.nodes[0].since = 0;
  topology.nodes[2].state = NodeState::kRecovering;
  topology.nodes[2].since = since;
  topology.nodes[1].state = topology.nodes[3].state = NodeState::kRecovering;
  topology.nodes[1].since = topology.nodes[3].since = topology::kSinceLongAgo;
  const topology::RoutingTable table(topology);
  CHECK((plan_recovery(table, 4, 0).waiting > 0) == (since == 5));
}

TEST_CASE("of two that failed in one epoch the lower id does not wait for the higher") {
  topology::Topology topology = with_a1_recovering();
  topology.nodes[1].state = NodeState::kRecovering;
  topology.nodes[1].since = 5;
  const topology::RoutingTable table(topology);
  CHECK(plan_recovery(table, 1, 0).waiting == 0);
  CHECK(plan_recovery(table, 2, 0).waiting > 0);
}

// Else a server that can serve everything would wait for one that may never be back.
TEST_CASE("of two that failed in one epoch the higher id does not wait for one that is away") {
  topology::Topology topology = with_a1_recovering();
  fail(topology.nodes[0], 5);
  topology.nodes[1].state = NodeState::kRecovering;
  topology.nodes[1].since = 5;
  const topology::RoutingTable table(topology);
  CHECK(plan_recovery(table, 2, 0).waiting == 0);
}

}  // namespace
}  // namespace doris::server

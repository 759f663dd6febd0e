#include "base/topology/topology.h"

#include <catch2/catch.hpp>

#include "tests/topology/sample_topology.h"

namespace doris::topology {
namespace {

using test::formed_topology;
using test::forming_topology;

// Why `topology` is refused; empty if it is valid.
std::string refusal(const Topology& topology, bool allow_same_machine = false) {
  return topology.validate(allow_same_machine).message();
}

TEST_CASE("a forming and a formed topology are valid") {
  CHECK(refusal(forming_topology(12, 2)).empty());
  CHECK(refusal(formed_topology(12, 2)).empty());
  CHECK_FALSE(forming_topology(12, 2).formed());
  CHECK(formed_topology(12, 2).formed());
}

TEST_CASE("nodes are found by id and by name") {
  const Topology topology = forming_topology(12, 2);
  REQUIRE(topology.find(NodeId{3}) != nullptr);
  CHECK(topology.find(NodeId{3})->name == "a2");
  REQUIRE(topology.find("b2") != nullptr);
  CHECK(topology.find("b2")->id == 4);
  CHECK(topology.find(NodeId{5}) == nullptr);
  CHECK(topology.find(kNoNode) == nullptr);
  CHECK(topology.find("a3") == nullptr);
}

TEST_CASE("a topology with a wrong head is refused") {
  Topology topology = forming_topology(12, 1);
  SECTION("cluster") {
    topology.cluster = "0123";
  }
  SECTION("cluster in capitals") {
    topology.cluster[10] = 'A';
  }
  SECTION("no epoch") {
    topology.epoch = 0;
  }
  SECTION("an epoch that a version cannot hold") {
    topology.epoch = 1ULL << 32;
  }
  SECTION("no vnodes") {
    topology.vnodes = 0;
  }
  SECTION("too many vnodes") {
    topology.vnodes = 65536;
  }
  CHECK_FALSE(refusal(topology).empty());
}

TEST_CASE("a topology with a wrong node is refused") {
  Topology topology = forming_topology(12, 2);
  Node& node = topology.nodes[1];
  SECTION("id 0") {
    topology.nodes[0].id = 0;
  }
  SECTION("ids out of order") {
    node.id = 9;
  }
  SECTION("an id twice") {
    node.id = 1;
  }
  SECTION("a name twice") {
    node.name = "a1";
  }
  SECTION("no name") {
    node.name = "";
  }
  SECTION("a name with a space") {
    node.name = "b 1";
  }
  SECTION("a name too long") {
    node.name = std::string(65, 'b');
  }
  SECTION("no machine") {
    node.machine = "";
  }
  SECTION("no host") {
    node.host = "";
  }
  SECTION("a line feed in the host") {
    node.host = "::1\n";
  }
  SECTION("no port") {
    node.port = 0;
  }
  SECTION("no room for the shards' ports") {
    node.port = 65535;
  }
  SECTION("no shards") {
    node.shards = 0;
  }
  SECTION("too many shards") {
    node.shards = 9;
  }
  CHECK_FALSE(refusal(topology).empty());
}

TEST_CASE("a topology with wrong tables is refused") {
  Topology topology = formed_topology(12, 2);
  SECTION("an owner table too short") {
    topology.owner[0].pop_back();
  }
  SECTION("an owner table too long") {
    topology.owner[1].push_back(2);
  }
  SECTION("a primary table too short") {
    topology.primary.pop_back();
  }
  SECTION("owners without primaries") {
    topology.primary.clear();
  }
  SECTION("an owner that does not exist") {
    topology.owner[0][3] = 77;
  }
  SECTION("a vnode without an owner") {
    topology.owner[0][3] = kNoNode;
  }
  SECTION("an owner of the other group") {
    topology.owner[0][3] = 2;
  }
  SECTION("a primary on the standbys") {
    topology.primary[3] = Group::kStandby;
  }
  CHECK_FALSE(refusal(topology).empty());
}

TEST_CASE("a machine may not hold nodes of both groups unless that is allowed") {
  Topology topology = formed_topology(12, 2);
  topology.nodes[1].machine = topology.nodes[0].machine;
  CHECK_THAT(refusal(topology), Catch::Contains("machine-1"));
  CHECK(refusal(topology, /*allow_same_machine=*/true).empty());
}

TEST_CASE("a machine may hold two nodes of one group, and a standby beside any node") {
  Topology topology = formed_topology(12, 2);
  topology.nodes[2].machine = topology.nodes[0].machine;
  CHECK(refusal(topology).empty());
  topology.nodes.push_back({.id = 5,
                            .name = "s1",
                            .group = Group::kStandby,
                            .state = NodeState::kStandby,
                            .machine = topology.nodes[1].machine,
                            .host = "127.0.0.1",
                            .port = 7100,
                            .shards = 1});
  CHECK(refusal(topology).empty());
}

TEST_CASE("names of groups and states read back as what they name") {
  for (const Group group : {Group::kA, Group::kB, Group::kStandby}) {
    CHECK(parse_group(group_name(group)) == group);
  }
  for (int i = 0; i <= static_cast<int>(NodeState::kDead); ++i) {
    const auto state = static_cast<NodeState>(i);
    CHECK(parse_node_state(node_state_name(state)) == state);
  }
  CHECK(node_state_name(NodeState::kTempFailed) == "temp-failed");
  CHECK_FALSE(parse_group("c").has_value());
  CHECK_FALSE(parse_node_state("").has_value());
}

}  // namespace
}  // namespace doris::topology

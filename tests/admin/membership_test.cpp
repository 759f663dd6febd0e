#include "admin/membership.h"

#include <catch2/catch.hpp>

#include "base/topology/allocation.h"
#include "tests/admin/sample_cluster.h"

namespace doris::admin {
namespace {

using Catch::Contains;
using test::Members;
using test::newcomer;
using test::returning;
using topology::NodeState;

// A serving cluster of a1 and b1.
Members formed_cluster() {
  Members members;
  members.admit(newcomer("a1"));
  members.admit(newcomer("b1"));
  REQUIRE(members.topology.formed());
  return members;
}

TEST_CASE("a cluster serves when the first servers of both groups have registered") {
  Members members(2);
  CHECK(missing_servers(members.topology, members.rules) ==
        "2 more servers of group a and 2 more servers of group b");
  members.admit(newcomer("a1"));
  members.admit(newcomer("b1"));
  members.admit(newcomer("a2"));
  CHECK_FALSE(members.topology.formed());
  CHECK(members.topology.epoch == 4);
  CHECK(members.node("a2").state == NodeState::kJoining);
  CHECK(missing_servers(members.topology, members.rules) == "1 more server of group b");

  members.admit(newcomer("b2"));
  REQUIRE(members.topology.formed());
  CHECK(members.topology.epoch == 5);
  CHECK_THAT(members.what, Contains("b2 joined group b") && Contains("2 servers in each group"));
  CHECK(missing_servers(members.topology, members.rules).empty());
  for (const std::string name : {"a1", "b1", "a2", "b2"}) {
    CHECK(members.node(name).state == NodeState::kUp);
    CHECK(owned_vnodes(members.topology, members.node(name).id) == 500);
  }
}

TEST_CASE("the vnodes are dealt out by the rule, in the order of joining") {
  Members members(2);
  for (const std::string name : {"b1", "a1", "b2", "a2"})
    members.admit(newcomer(name));
  CHECK(members.topology.owner[0] == topology::allocate_group_a(1000, {2, 4}));
  CHECK(members.topology.owner[1] == topology::allocate_group_b(1000, {1, 3}));
  CHECK(members.topology.primary == topology::initial_primaries(1000));
}

TEST_CASE("a server too many while the cluster forms waits as joining") {
  Members members;
  members.admit(newcomer("a1"));
  members.admit(newcomer("a2"));
  members.admit(newcomer("s1"));
  members.admit(newcomer("b1"));
  REQUIRE(members.topology.formed());
  CHECK(members.node("a1").state == NodeState::kUp);
  CHECK(members.node("a2").state == NodeState::kJoining);
  CHECK(owned_vnodes(members.topology, members.node("a2").id) == 0);
  CHECK(members.node("s1").state == NodeState::kStandby);
}

TEST_CASE("a server that comes to a formed cluster owns nothing yet") {
  Members members = formed_cluster();
  const auto owner = members.topology.owner;
  members.admit(newcomer("b2"));
  members.admit(newcomer("s1"));
  CHECK(members.node("b2").state == NodeState::kJoining);
  CHECK(members.node("s1").state == NodeState::kStandby);
  CHECK(members.topology.owner == owner);
}

TEST_CASE("a lowered number of first servers forms the cluster without another registration") {
  Members members(2);
  members.admit(newcomer("a1"));
  members.admit(newcomer("b1"));
  CHECK_FALSE(form_if_complete(members.topology, members.rules).has_value());
  members.rules.initial_servers_per_group = 1;
  const auto change = form_if_complete(members.topology, members.rules);
  REQUIRE(change.has_value());
  members.accept(*change);
  CHECK(members.topology.formed());
  CHECK_FALSE(form_if_complete(members.topology, members.rules).has_value());
}

TEST_CASE("a server that comes back as it was changes nothing") {
  Members members = formed_cluster();
  CHECK_FALSE(members.admit(returning("a1")));
  CHECK(members.topology.epoch == 3);
}

TEST_CASE("a server that comes back at another address makes a new epoch") {
  Members members = formed_cluster();
  Registration moved = returning("a1");
  moved.host = "10.0.0.77";
  moved.machine = "another-machine";
  CHECK(members.admit(moved));
  CHECK(members.topology.epoch == 4);
  CHECK(members.node("a1").host == "10.0.0.77");
  CHECK(members.node("a1").machine == "another-machine");
  CHECK(members.node("a1").id == 1);
  CHECK(members.node("a1").state == NodeState::kUp);
  CHECK_THAT(members.what, Contains("10.0.0.77") && Contains("10.0.0.1"));
}

TEST_CASE("a server that lost its data may not serve emptiness") {
  Members members = formed_cluster();
  CHECK_THAT(members.refusal(newcomer("a1")),
             Contains("owns 1000 vnodes") && Contains("empty") && Contains("server-dir that"));
}

TEST_CASE("a server that lost its data may come back if others have all of it") {
  Members members = formed_cluster();
  members.others_have_all = true;
  const bool had_failed = GENERATE(false, true);
  topology::Node& a1 = members.topology.nodes.front();
  if (had_failed) {
    a1.state = NodeState::kTempFailed;
    a1.since = members.topology.epoch;
  }
  CHECK(members.admit(newcomer("a1")));
  CHECK(members.node("a1").since == topology::kSinceEver);  // Whoever else fails has newer data.
  CHECK(members.node("a1").state == (had_failed ? NodeState::kTempFailed : NodeState::kRecovering));
  CHECK_THAT(members.what, Contains("a1 is filled anew"));
  CHECK_FALSE(members.admit(newcomer("a1")));  // Its last answer was lost.
}

TEST_CASE("a standby that has taken a place keeps it, whatever its settings say") {
  Members members = formed_cluster();
  members.admit(newcomer("s1"));
  topology::Node& heir = members.topology.nodes.back();
  heir.group = topology::Group::kA;
  heir.state = NodeState::kJoining;
  CHECK_FALSE(members.admit(returning("s1")));
  CHECK(members.node("s1").group == topology::Group::kA);
}

TEST_CASE("a server without data may come back while it owns nothing") {
  Members members;
  members.admit(newcomer("a1"));
  CHECK_FALSE(members.admit(newcomer("a1")));
  Registration remade = newcomer("a1");
  remade.shards = 4;
  CHECK(members.admit(remade));
  CHECK(members.node("a1").shards == 4);

  members.admit(newcomer("b1"));
  members.admit(newcomer("a2"));
  CHECK_FALSE(members.admit(newcomer("a2")));
}

TEST_CASE("two servers may not have one name") {
  Members members;
  members.admit(newcomer("a1"));
  Registration impostor = newcomer("a1");
  impostor.port = 9000;
  members.alive = "a1";
  CHECK_THAT(members.refusal(impostor), Contains("another server called 'a1'"));
  members.alive = "";
  CHECK(members.admit(impostor));
}

TEST_CASE("a server of another cluster is refused") {
  Members members = formed_cluster();
  Registration stranger = returning("a1");
  stranger.cluster = std::string(32, 'f');
  CHECK_THAT(members.refusal(stranger), Contains("belongs to cluster ffff"));
  CHECK_THAT(members.refusal(stranger), Contains(std::string(test::kCluster)));
}

TEST_CASE("a server with data of this cluster is not taken for a new one") {
  Members members = formed_cluster();
  CHECK_THAT(members.refusal(returning("a9")), Contains("no node is called 'a9'"));
}

TEST_CASE("an admin that is older than the cluster lets nobody in") {
  Members members = formed_cluster();
  Registration from_the_future = returning("a1");
  from_the_future.epoch = 4;
  CHECK_THAT(members.refusal(from_the_future), Contains("epoch 4") && Contains("epoch 3"));
  from_the_future.epoch = 3;
  CHECK_FALSE(members.admit(from_the_future));
}

TEST_CASE("a server may not change its group, nor its shards once it may hold data") {
  Members members = formed_cluster();
  Registration other_group = returning("a1");
  other_group.group = topology::Group::kB;
  CHECK_THAT(members.refusal(other_group), Contains("belongs to group a, and not to b"));
  Registration other_shards = returning("a1");
  other_shards.shards = 3;
  CHECK_THAT(members.refusal(other_shards), Contains("made with 2 shards"));
}

TEST_CASE("a machine holds servers of one group only") {
  Members members;
  members.admit(newcomer("a1"));
  Registration beside = newcomer("b1");
  beside.machine = newcomer("a1").machine;
  CHECK_THAT(members.refusal(beside),
             Contains("machine-of-a1") && Contains("a1") && Contains("allow-same-machine"));

  Registration same_group = newcomer("a2");
  same_group.machine = newcomer("a1").machine;
  CHECK(members.admit(same_group));
  Registration standby = newcomer("s1");
  standby.machine = newcomer("a1").machine;
  CHECK(members.admit(standby));
}

TEST_CASE("on a laptop, one machine may hold both groups") {
  Members members(1, /*allow_same_machine=*/true);
  Registration beside = newcomer("b1");
  beside.machine = newcomer("a1").machine;
  members.admit(newcomer("a1"));
  members.admit(beside);
  CHECK(members.topology.formed());
}

TEST_CASE("two servers that live may not share a port") {
  Members members;
  members.admit(newcomer("a1"));
  Registration beside = newcomer("b1");
  beside.port = static_cast<uint16_t>(newcomer("a1").port + 2);  // a1's last shard port.
  members.alive = "a1";
  CHECK_THAT(members.refusal(beside), Contains("overlap those of node 'a1'"));
  ++beside.port;
  CHECK(members.admit(beside));
}

TEST_CASE("the address of a server that is gone is free") {
  Members members;
  members.admit(newcomer("a1"));
  Registration successor = newcomer("b1");
  successor.port = newcomer("a1").port;
  CHECK(members.admit(successor));
}

TEST_CASE("a node that was declared dead does not come back") {
  Members members = formed_cluster();
  members.admit(newcomer("a2"));
  members.topology.nodes.back().state = NodeState::kDead;
  CHECK_THAT(members.refusal(returning("a2")), Contains("declared dead"));
}

TEST_CASE("ids are never given twice, and end") {
  Members members;
  members.next_node = 65535;
  members.admit(newcomer("a1"));
  CHECK(members.node("a1").id == 65535);
  CHECK_THAT(members.refusal(newcomer("a2")), Contains("node ids"));
}

TEST_CASE("a node with an impossible name or address is refused") {
  Members members;
  Registration registration = newcomer("a1");
  SECTION("name") {
    registration.name = "a 1";
  }
  SECTION("machine") {
    registration.machine = "";
  }
  SECTION("host") {
    registration.host = "no host";
  }
  SECTION("ports") {
    registration.port = 65534;
  }
  CHECK_FALSE(members.refusal(registration).empty());
}

TEST_CASE("a registration is read from the words of the command") {
  const std::string_view words[] = {
      "b1", "b", "rack-2", "10.0.0.2", "7000", "4", test::kCluster, "17", "18446744073709551615",
      "42"};
  const auto registration = parse_registration(words);
  REQUIRE(registration.ok());
  CHECK(registration->name == "b1");
  CHECK(registration->group == topology::Group::kB);
  CHECK(registration->machine == "rack-2");
  CHECK(registration->host == "10.0.0.2");
  CHECK(registration->port == 7000);
  CHECK(registration->shards == 4);
  CHECK(registration->cluster == test::kCluster);
  CHECK(registration->epoch == 17);
  CHECK(registration->incarnation == UINT64_MAX);
  CHECK(registration->disk_mark == 42);
}

TEST_CASE("a registration with a wrong word is refused, and the word named") {
  std::vector<std::string_view> words = {"b1", "b", "rack-2", "10.0.0.2", "7000",
                                         "4",  "-", "0",      "1",        "0"};
  REQUIRE(parse_registration(words).ok());
  CHECK(parse_registration(words)->cluster.empty());
  const auto error_with = [&](size_t index, std::string_view word) {
    std::vector<std::string_view> changed = words;
    changed[index] = word;
    return parse_registration(changed).status().message();
  };
  CHECK_THAT(error_with(1, "c"), Contains("group 'c'"));
  CHECK_THAT(error_with(4, "0"), Contains("port '0'"));
  CHECK_THAT(error_with(4, "70000"), Contains("port '70000'"));
  CHECK_THAT(error_with(5, "9"), Contains("shards '9'"));
  CHECK_THAT(error_with(7, "x"), Contains("epoch 'x'"));
  CHECK_THAT(error_with(9, "-1"), Contains("disk mark '-1'"));
  CHECK_THAT(error_with(8, "-1"), Contains("incarnation '-1'"));
  words.pop_back();
  CHECK_THAT(parse_registration(words).status().message(), Contains("10 words"));
}

}  // namespace
}  // namespace doris::admin

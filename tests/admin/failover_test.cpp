// How the nodes' states follow what is known of them.
#include "admin/failover.h"

#include <catch2/catch.hpp>
#include <map>

#include "admin/node_operations.h"
#include "tests/admin/sample_cluster.h"

namespace doris::admin {
namespace {

using Catch::Contains;
using test::newcomer;
using topology::NodeState;

// A cluster of which everything is known, and which follows that.
class Followed {
 public:
  explicit Followed(uint32_t per_group = 1) : members(per_group) {
    for (uint32_t i = 1; i <= per_group; ++i) {
      join("a" + std::to_string(i));
      join("b" + std::to_string(i));
    }
  }

  void join(const std::string& name) {
    members.admit(newcomer(name));
    facts[name] = {.known = true, .answers = true};
  }

  // What is known of `name` is `now`, and the topology follows; whether it has changed.
  bool learn(const std::string& name, const NodeFacts& now) {
    facts[name] = now;
    return follow();
  }
  bool follow() {
    auto change = follow_facts(members.topology, facts_of(), degraded_writes);
    if (!change.has_value()) return false;
    members.accept(*std::move(change));
    return true;
  }
  FactsOf facts_of() {
    return [this](const topology::Node& node) { return facts[node.name]; };
  }

  bool fails(const std::string& name) {
    return learn(name, {.known = true, .failed = true, .why = "no answer"});
  }
  bool answers(const std::string& name) { return learn(name, {.known = true, .answers = true}); }
  bool is_complete(const std::string& name) {
    return learn(name, {.known = true, .answers = true, .recovered_epoch = members.topology.epoch});
  }
  bool restarts(const std::string& name) {
    return learn(name, {.known = true, .answers = true, .restarted = true});
  }
  NodeState state(const std::string& name) { return members.node(name).state; }
  std::string keeper_of(const std::string& name) {
    const topology::Node* const node = members.topology.find(members.node(name).stand_in);
    return node == nullptr ? "nobody" : node->name;
  }
  // An operation of an operator; why it was refused, or "".
  std::string carry_out(Result<Change> change) {
    if (!change.ok()) return change.status().message();
    members.accept(*std::move(change));
    return "";
  }

  test::Members members;
  std::map<std::string, NodeFacts> facts;
  bool degraded_writes = true;
};

TEST_CASE("nothing follows from nothing") {
  Followed cluster;
  CHECK_FALSE(cluster.follow());
}

TEST_CASE("a node goes from up over temp-failed and recovering back to up") {
  Followed cluster;
  CHECK(cluster.fails("b1"));
  CHECK(cluster.state("b1") == NodeState::kTempFailed);
  CHECK(cluster.members.node("b1").since == cluster.members.topology.epoch);
  CHECK_FALSE(cluster.follow());
  CHECK(cluster.answers("b1"));
  CHECK(cluster.state("b1") == NodeState::kRecovering);
  CHECK_FALSE(cluster.follow());
  CHECK(cluster.is_complete("b1"));
  CHECK(cluster.state("b1") == NodeState::kUp);
  CHECK(cluster.members.node("b1").since == 0);
}

TEST_CASE("a node that was complete in an older epoch is not up yet") {
  Followed cluster;
  cluster.fails("b1");
  cluster.answers("b1");
  CHECK_FALSE(cluster.learn(
      "b1",
      {.known = true, .answers = true, .recovered_epoch = cluster.members.topology.epoch - 1}));
}

TEST_CASE("a node that fails while it recovers still counts from its first failure") {
  Followed cluster;
  cluster.fails("b1");
  const topology::Epoch since = cluster.members.node("b1").since;
  cluster.answers("b1");
  CHECK(cluster.fails("b1"));
  CHECK(cluster.state("b1") == NodeState::kTempFailed);
  CHECK(cluster.members.node("b1").since == since);
}

TEST_CASE("of two that fail one after the other the later one has the higher epoch") {
  Followed cluster;
  cluster.fails("b1");
  cluster.fails("a1");
  CHECK(cluster.members.node("a1").since > cluster.members.node("b1").since);
}

TEST_CASE("an update log is kept by a standby, or by a neighbour, or by nobody") {
  Followed cluster(2);
  SECTION("a standby") {
    cluster.join("s1");
    cluster.fails("b1");
    CHECK(cluster.keeper_of("b1") == "s1");
  }
  SECTION("a neighbour") {
    cluster.fails("b1");
    CHECK(cluster.keeper_of("b1") == "b2");
  }
  SECTION("nobody") {
    cluster.fails("b1");
    cluster.fails("b2");
    CHECK(cluster.keeper_of("b1") == "nobody");
  }
}

// What is logged there would be lost together with the copies that are left.
TEST_CASE("an update log is not kept where the other copies are, if there is another place") {
  Followed cluster(2);
  const auto join_beside = [&](const char* name, const char* other) {
    Registration registration = newcomer(name);
    registration.machine = newcomer(other).machine;
    cluster.members.admit(registration);
    cluster.facts[name] = {.known = true, .answers = true};
  };
  join_beside("s1", "a1");
  SECTION("a standby elsewhere") {
    cluster.join("s2");
    cluster.fails("b1");
    CHECK(cluster.keeper_of("b1") == "s2");
  }
  SECTION("a neighbour elsewhere") {
    cluster.fails("b1");
    CHECK(cluster.keeper_of("b1") == "b2");
  }
  SECTION("better there than nowhere") {
    cluster.fails("b1");
    cluster.fails("b2");
    CHECK(cluster.keeper_of("b1") == "s1");
  }
}

TEST_CASE("a stand-in that fails is replaced") {
  Followed cluster(2);
  cluster.join("s1");
  cluster.fails("b1");
  CHECK(cluster.fails("s1"));
  CHECK(cluster.keeper_of("b1") == "b2");
}

TEST_CASE("a stand-in of which a new admin has not heard yet stays one") {
  Followed cluster;
  cluster.join("s1");
  cluster.fails("b1");
  REQUIRE(cluster.keeper_of("b1") == "s1");
  CHECK_FALSE(cluster.learn("s1", {}));
  CHECK(cluster.keeper_of("b1") == "s1");
  CHECK(cluster.learn("s1", {.known = true}));
  CHECK(cluster.keeper_of("b1") == "nobody");
}

TEST_CASE("a process that was started anew steps back unless one that is up is silent") {
  Followed cluster;
  SECTION("they have") {
    CHECK(cluster.restarts("a1"));
    CHECK(cluster.state("a1") == NodeState::kRecovering);
  }
  SECTION("they have failed: the update logs may have what it has lost") {
    cluster.fails("b1");
    CHECK(cluster.restarts("a1"));
    CHECK(cluster.state("a1") == NodeState::kRecovering);
    CHECK(cluster.members.node("a1").since > cluster.members.node("b1").since);
  }
  SECTION("nobody has heard of them yet") {
    cluster.facts["b1"] = {};
    CHECK_FALSE(cluster.restarts("a1"));
  }
  SECTION("they have all restarted as well: one of each pair stays") {
    cluster.facts["b1"] = {.known = true, .answers = true, .restarted = true};
    CHECK(cluster.restarts("a1"));
    CHECK(cluster.state("a1") == NodeState::kRecovering);
    CHECK(cluster.state("b1") == NodeState::kUp);
  }
}

TEST_CASE("a node that comes back with an older disk has missed more than any other") {
  Followed cluster;
  cluster.join("s1");
  const auto comes_back = [&](const char* name) {
    auto change = follow_older_disk(cluster.members.topology, cluster.members.node(name).id);
    if (!change.has_value()) return false;
    cluster.members.accept(*std::move(change));
    CHECK_THAT(cluster.members.what, Contains("a1 recovers from long ago"));
    return true;
  };
  SECTION("after it has failed") {
    cluster.fails("a1");
    CHECK(comes_back("a1"));
    CHECK(cluster.state("a1") == NodeState::kTempFailed);
    CHECK_FALSE(comes_back("a1"));
    CHECK(cluster.answers("a1"));
    CHECK(cluster.state("a1") == NodeState::kRecovering);
  }
  SECTION("before anybody noticed") {
    CHECK(comes_back("a1"));
    CHECK(cluster.state("a1") == NodeState::kRecovering);
  }
  SECTION("while it recovers") {
    cluster.fails("a1");
    cluster.answers("a1");
    CHECK(comes_back("a1"));
    CHECK(cluster.state("a1") == NodeState::kRecovering);
  }
  CHECK(cluster.members.node("a1").since == topology::kSinceLongAgo);
  CHECK_FALSE(comes_back("s1"));
}

TEST_CASE("a node that is hampered steps back if the others have all, and are not") {
  Followed cluster;
  const NodeFacts full{.known = true, .hampered = true, .why = "its disk is full"};
  SECTION("they can") {
    CHECK(cluster.learn("b1", full));
    CHECK(cluster.state("b1") == NodeState::kTempFailed);
    CHECK_THAT(cluster.members.what, Contains("b1 has failed"));
    CHECK_THAT(cluster.members.why, Contains("its disk is full"));
    CHECK(cluster.answers("b1"));
    CHECK(cluster.state("b1") == NodeState::kRecovering);
    CHECK(cluster.learn("b1", full));
    CHECK(cluster.state("b1") == NodeState::kTempFailed);
  }
  SECTION("their disks are full, too") {
    cluster.facts["a1"] = full;
    CHECK_FALSE(cluster.learn("b1", full));
  }
  SECTION("they have not all yet") {
    cluster.fails("a1");
    cluster.answers("a1");
    CHECK_FALSE(cluster.learn("b1", full));
  }
}

TEST_CASE("the setting degraded-writes goes into the topology") {
  Followed cluster;
  cluster.degraded_writes = false;
  CHECK(cluster.follow());
  CHECK_FALSE(cluster.members.topology.degraded_writes);
  CHECK_FALSE(cluster.follow());
}

// ---- What operators do ---------------------------------------------------------------

TEST_CASE("a held node stays out until it is released") {
  Followed cluster;
  CHECK(cluster.carry_out(hold_node(cluster.members.topology, "b1", cluster.facts_of(), false))
            .empty());
  CHECK(cluster.state("b1") == NodeState::kTempFailed);
  CHECK_FALSE(cluster.answers("b1"));
  CHECK(cluster.carry_out(release_node(cluster.members.topology, "b1")).empty());
  CHECK(cluster.follow());
  CHECK(cluster.state("b1") == NodeState::kRecovering);
}

TEST_CASE("a node that is held has a stand-in in the same epoch") {
  Followed cluster(2);
  CHECK(cluster.carry_out(hold_node(cluster.members.topology, "b1", cluster.facts_of(), false)) ==
        "");
  CHECK(cluster.keeper_of("b1") == "b2");
  CHECK_THAT(cluster.members.what, Contains("b2 stands in for b1"));
  CHECK_FALSE(cluster.follow());
}

TEST_CASE("a node that has the only copy is held by force alone") {
  Followed cluster;
  cluster.fails("a1");
  const auto hold = [&](bool force) {
    return cluster.carry_out(hold_node(cluster.members.topology, "b1", cluster.facts_of(), force));
  };
  CHECK_THAT(hold(false), Contains("some keys could not be reached") && Contains("FORCE"));
  CHECK(hold(true).empty());
  CHECK_THAT(hold(true), Contains("held already"));
}

TEST_CASE("what is not held is not released") {
  Followed cluster;
  const auto release = [&](const char* name) {
    return cluster.carry_out(release_node(cluster.members.topology, name));
  };
  CHECK_THAT(release("b1"), Contains("not held: it is up"));
  cluster.fails("b1");
  CHECK_THAT(release("b1"), Contains("recovers by itself"));
  CHECK_THAT(release("b9"), Contains("no node 'b9'"));
}

TEST_CASE("a standby takes the place of a failed node, and is filled before it is up") {
  Followed cluster;
  cluster.join("s1");
  const auto replace = [&](bool force) {
    return cluster.carry_out(
        replace_node(cluster.members.topology, "b1", "s1", {}, cluster.facts_of(), force));
  };
  CHECK_THAT(replace(false), Contains("is up: hold it first"));
  cluster.fails("b1");
  CHECK(replace(false).empty());
  CHECK(cluster.state("b1") == NodeState::kDead);
  CHECK(cluster.state("s1") == NodeState::kRecovering);
  CHECK(cluster.members.node("s1").group == topology::Group::kB);
  CHECK(owned_vnodes(cluster.members.topology, cluster.members.node("s1").id) == 1000);
  CHECK(owned_vnodes(cluster.members.topology, cluster.members.node("b1").id) == 0);
  CHECK(cluster.is_complete("s1"));
  CHECK(cluster.state("s1") == NodeState::kUp);
}

TEST_CASE("a place is not given to who cannot fill it") {
  Followed cluster(2);
  cluster.join("s1");
  const auto replace = [&](const char* name, const char* heir) {
    return cluster.carry_out(
        replace_node(cluster.members.topology, name, heir, {}, cluster.facts_of(), false));
  };
  cluster.fails("b1");
  CHECK_THAT(replace("b1", "b2"), Contains("only a standby"));
  CHECK_THAT(replace("s1", "s1"), Contains("owns no vnodes"));
  cluster.fails("a1");
  CHECK_THAT(replace("b1", "s1"), Contains("keeps the update log of"));
  cluster.fails("s1");
  CHECK_THAT(replace("b1", "s1"), Contains("does not answer"));
}

// It could not come back after its next restart.
TEST_CASE("a place is not given to a machine that has the other copies") {
  Followed cluster;
  Registration neighbour = newcomer("s1");
  neighbour.machine = newcomer("a1").machine;
  cluster.members.admit(neighbour);
  cluster.facts["s1"] = {.known = true, .answers = true};
  cluster.fails("b1");
  const topology::Topology& topology = cluster.members.topology;
  const topology::Node& b1 = cluster.members.node("b1");
  const MembershipRules strict{};
  const MembershipRules lax{.allow_same_machine = true};
  const auto refused = replace_node(topology, "b1", "s1", strict, cluster.facts_of(), true);
  REQUIRE_FALSE(refused.ok());
  CHECK_THAT(refused.status().message(), Contains("is on machine 'machine-of-a1'"));
  CHECK(find_successor(topology, b1, strict, cluster.facts_of()) == nullptr);
  CHECK(find_successor(topology, b1, lax, cluster.facts_of())->name == "s1");
  CHECK(replace_node(topology, "b1", "s1", lax, cluster.facts_of(), false).ok());
  cluster.join("s2");
  const topology::Node& failed = cluster.members.node("b1");
  const topology::Topology& now = cluster.members.topology;
  CHECK(find_successor(now, failed, strict, cluster.facts_of())->name == "s2");
  CHECK(find_successor(now, failed, lax, cluster.facts_of())->name == "s2");
}

TEST_CASE("a node that owns nothing can become a standby") {
  Followed cluster;
  cluster.join("a2");
  CHECK_THAT(cluster.carry_out(make_standby(cluster.members.topology, "a1")),
             Contains("only one that is joining"));
  CHECK(cluster.carry_out(make_standby(cluster.members.topology, "a2")).empty());
  CHECK(cluster.state("a2") == NodeState::kStandby);
}

}  // namespace
}  // namespace doris::admin

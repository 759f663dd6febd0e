#include "admin/operator_views.h"

#include <catch2/catch.hpp>

#include "admin/node_operations.h"
#include "tests/admin/sample_cluster.h"

namespace doris::admin {
namespace {

using Catch::Contains;
using resp::Value;
using test::newcomer;

constexpr TimePoint kNow{std::chrono::hours{1}};

// A cluster as an operator looks at it.
class Stage {
 public:
  explicit Stage(uint32_t per_group = 1) : members(per_group) {}

  void admit(std::initializer_list<std::string> names) {
    for (const std::string& name : names) {
      members.admit(newcomer(name));
      healths.emplace(members.node(name).id, NodeHealth(1));
    }
  }

  NodeHealth& health(std::string_view name) { return healths.at(members.node(name).id); }

  void answers(std::string_view name, Heartbeat heartbeat = {.epoch = 3, .ready = true}) {
    (void)health(name).answered(heartbeat, kNow - Millis{100});
  }
  void fails(std::string_view name) { (void)health(name).missed("connection refused", true, kNow); }

  [[nodiscard]] Scene scene() const {
    return {members.topology,
            members.rules,
            [this](topology::NodeId id) -> const NodeHealth* {
              const auto found = healths.find(id);
              return found == healths.end() ? nullptr : &found->second;
            },
            watchers,
            kNow,
            {},
            {},
            {},
            refusals,
            store_trouble};
  }

  test::Members members;
  std::map<topology::NodeId, NodeHealth> healths;
  std::vector<Watcher> watchers;
  std::vector<Refusal> refusals;
  std::string store_trouble;
};

std::string text_of(const Value& map, std::string_view key) {
  const Value* const value = map.get(key);
  REQUIRE(value != nullptr);
  return value->text;
}

int64_t number_of(const Value& map, std::string_view key) {
  const Value* const value = map.get(key);
  REQUIRE(value != nullptr);
  REQUIRE(value->is(Value::Kind::kInteger));
  return value->integer;
}

TEST_CASE("the status of a forming cluster says what it waits for") {
  Stage stage;
  stage.admit({"a1"});
  stage.answers("a1", {.epoch = 2, .ready = false});
  const Value status = status_view(stage.scene());
  CHECK(text_of(status, "state") == "forming: waiting for 1 more server of group b");
  CHECK_THAT(text_of(status, "copies"), Contains("none"));
  CHECK(number_of(status, "servers") == 1);
  CHECK(number_of(status, "servers up") == 1);
  CHECK(status.get("trouble") == nullptr);
}

TEST_CASE("the status of a sound cluster has two copies of everything and no trouble") {
  Stage stage;
  stage.admit({"a1", "b1"});
  stage.answers("a1");
  stage.answers("b1");
  const Value status = status_view(stage.scene());
  CHECK(text_of(status, "state") == "serving");
  CHECK(text_of(status, "copies") == "2 copies of all 1000 vnodes");
  CHECK(text_of(status, "cluster") == test::kCluster);
  CHECK(number_of(status, "epoch") == 3);
  CHECK(number_of(status, "vnodes") == 1000);
  CHECK(number_of(status, "servers up") == 2);
  CHECK(number_of(status, "servers down") == 0);
  CHECK(status.get("trouble") == nullptr);
}

TEST_CASE("a server that is down leaves single copies, and is named with the cause") {
  Stage stage(2);
  stage.admit({"a1", "b1", "a2", "b2"});
  for (const std::string name : {"a1", "b1", "a2"})
    stage.answers(name);
  stage.answers("b2");
  stage.fails("b2");
  const Value status = status_view(stage.scene());
  CHECK(text_of(status, "state") == "degraded");
  CHECK(text_of(status, "copies") == "2 copies of 500 vnodes, 1 copy of 500 vnodes, without b2");
  CHECK(number_of(status, "servers up") == 3);
  CHECK(number_of(status, "servers down") == 1);
  const Value* const trouble = status.get("trouble");
  REQUIRE(trouble != nullptr);
  REQUIRE(trouble->items.size() == 1);
  CHECK(text_of(trouble->items[0], "server") == "b2");
  CHECK(text_of(trouble->items[0], "trouble") == "down, no answer for 100 ms: connection refused");
}

TEST_CASE("a server that was replaced is not counted, and no trouble of the cluster") {
  Stage stage;
  stage.admit({"a1", "b1", "s1"});
  for (const std::string name : {"a1", "b1", "s1"})
    stage.answers(name);
  const FactsOf facts = [](const topology::Node&) {
    return NodeFacts{.known = true, .answers = true};
  };
  auto change = replace_node(stage.members.topology, "b1", "s1", {}, facts, /*force=*/true);
  REQUIRE(change.ok());
  stage.members.accept(*std::move(change));
  const Value status = status_view(stage.scene());
  CHECK(number_of(status, "servers") == 2);
  CHECK(number_of(status, "servers up") == 2);
  const Value* const trouble = status.get("trouble");
  REQUIRE(trouble != nullptr);
  REQUIRE(trouble->items.size() == 1);
  CHECK(text_of(trouble->items[0], "server") == "s1");
  CHECK_THAT(text_of(trouble->items[0], "trouble"), Catch::StartsWith("is filled anew: "));
  const Value nodes = nodes_view(stage.scene());
  REQUIRE(nodes.items.size() == 3);
  CHECK_THAT(text_of(nodes.items[1], "trouble"), Catch::StartsWith("replaced: "));
}

TEST_CASE("a node that waits for one with newer data says for whom, and what helps") {
  Stage stage;
  stage.admit({"a1", "b1"});
  stage.answers("a1");
  for (topology::Node& node : stage.members.topology.nodes)
    node.since = node.name == "a1" ? topology::kSinceLongAgo : 4;
  const auto become = [&](const std::string& name, topology::NodeState state) {
    std::ranges::find(stage.members.topology.nodes, name, &topology::Node::name)->state = state;
  };
  become("a1", topology::NodeState::kRecovering);
  become("b1", topology::NodeState::kTempFailed);
  const auto trouble = [&] {
    return text_of(status_view(stage.scene()).get("trouble")->items[0], "trouble");
  };
  CHECK_THAT(trouble(),
             Catch::StartsWith("has an older disk than it had, and recovers: ") &&
                 Contains("; waits for b1, whose data may be newer: start it, or give it up"));
  become("b1", topology::NodeState::kRecovering);
  CHECK_THAT(trouble(), !Contains("waits for"));
}

TEST_CASE("an admin that cannot write is in trouble") {
  Stage stage;
  stage.admit({"a1", "b1"});
  stage.answers("a1");
  stage.answers("b1");
  stage.store_trouble = "no space";
  const Value status = status_view(stage.scene());
  const Value* const trouble = status.get("trouble");
  REQUIRE(trouble != nullptr);
  CHECK(text_of(trouble->items[0], "server") == "the admin");
  CHECK_THAT(text_of(trouble->items[0], "trouble"), Catch::EndsWith("it cannot write: no space"));
}

TEST_CASE("a server that was refused is in trouble, beside the node whose name it bears") {
  Stage stage;
  stage.admit({"a1", "b1"});
  stage.answers("a1");
  stage.answers("b1");
  stage.refusals = {{"a1", "10.0.0.1:7100", "it is empty", kNow - Millis{3000}},
                    {"c1", "10.0.0.1:7200", "it is alien", kNow}};
  const Value status = status_view(stage.scene());
  CHECK(text_of(status, "state") == "serving");
  const Value* const trouble = status.get("trouble");
  REQUIRE(trouble != nullptr);
  REQUIRE(trouble->items.size() == 2);
  CHECK(text_of(trouble->items[0], "server") == "a1 (10.0.0.1:7100)");
  CHECK(text_of(trouble->items[0], "trouble") == "was refused 3 s ago: it is empty");
  CHECK(text_of(trouble->items[1], "server") == "c1 (10.0.0.1:7200)");
  const std::string of_a1 =
      "a server of this name at 10.0.0.1:7100 was refused 3 s ago: it is empty";
  CHECK(text_of(nodes_view(stage.scene()).items[0], "trouble") == of_a1);
  CHECK(text_of(nodes_view(stage.scene()).items[1], "trouble").empty());
  stage.fails("a1");
  CHECK(text_of(nodes_view(stage.scene()).items[0], "trouble") ==
        "down, no answer for 100 ms: connection refused; " + of_a1);
}

TEST_CASE("vnodes without any copy are shouted about") {
  Stage stage;
  stage.admit({"a1", "b1"});
  stage.fails("a1");
  stage.fails("b1");
  CHECK_THAT(text_of(status_view(stage.scene()), "state"), Catch::StartsWith("failing: "));
  CHECK(copies_text(stage.scene()) == "NO COPY of 1000 vnodes, without a1 and b1");
}

TEST_CASE("an admin that has just started does not guess") {
  Stage stage;
  stage.admit({"a1", "b1"});
  stage.answers("a1");
  CHECK(text_of(status_view(stage.scene()), "state") == "starting");
  CHECK(copies_text(stage.scene()) == "not known yet: b1 has not answered");
}

TEST_CASE("a server that answers but does not serve is not a copy") {
  Stage stage;
  stage.admit({"a1", "b1"});
  stage.answers("a1");
  stage.answers("b1", {.epoch = 3, .ready = false});
  CHECK(copies_text(stage.scene()) == "1 copy of 1000 vnodes, without b1");
  stage.answers("b1", {.epoch = 3, .ready = true, .shards_offline = 1});
  CHECK(copies_text(stage.scene()) == "1 copy of 1000 vnodes, without b1");
  const Value status = status_view(stage.scene());
  REQUIRE(status.get("trouble") != nullptr);
  REQUIRE(status.get("trouble")->items.size() == 1);
  CHECK(text_of(status.get("trouble")->items[0], "trouble") == "has 1 of its 2 shards offline");
}

TEST_CASE("the status lists the routers, and not the servers that watch as well") {
  Stage stage;
  stage.admit({"a1", "b1"});
  stage.watchers = {{"10.0.0.9:6379", 3, {}}, {"a1", 3, {}}};
  stage.watchers.push_back({"10.0.0.1:" + std::to_string(stage.members.node("b1").port), 3, {}});
  const Value status = status_view(stage.scene());
  REQUIRE(status.get("routers") != nullptr);
  REQUIRE(status.get("routers")->items.size() == 1);
  CHECK(text_of(status.get("routers")->items[0], "router") == "10.0.0.9:6379");
  CHECK(number_of(status.get("routers")->items[0], "epoch") == 3);
}

TEST_CASE("each node is shown with its place, its health and its share") {
  Stage stage;
  stage.admit({"a1", "b1", "s1"});
  stage.answers("a1");
  const Value nodes = nodes_view(stage.scene());
  REQUIRE(nodes.items.size() == 3);
  const Value& a1 = nodes.items[0];
  CHECK(text_of(a1, "node") == "a1");
  CHECK(text_of(a1, "group") == "a");
  CHECK(text_of(a1, "state") == "up");
  CHECK(text_of(a1, "health") == "up");
  CHECK(text_of(a1, "machine") == "machine-of-a1");
  CHECK_THAT(text_of(a1, "address"), Contains("10.0.0.1:"));
  CHECK(number_of(a1, "shards") == 2);
  CHECK(number_of(a1, "vnodes") == 1000);
  CHECK(number_of(a1, "primaries") + number_of(nodes.items[1], "primaries") == 1000);
  CHECK(number_of(a1, "epoch") == 3);
  CHECK(text_of(nodes.items[1], "health") == "unknown");
  CHECK(text_of(nodes.items[2], "state") == "standby");
  CHECK(number_of(nodes.items[2], "vnodes") == 0);
}

TEST_CASE("the route of a key names its vnode and both of its replicas") {
  Stage stage;
  stage.members.topology = test::empty_cluster(10000);
  stage.admit({"a1", "b1"});
  stage.answers("a1");
  const auto route = route_view(stage.scene(), "101:a");
  REQUIRE(route.ok());
  CHECK(number_of(*route, "vnode") == 7839);
  const Value* const primary = route->get("primary");
  const Value* const secondary = route->get("secondary");
  REQUIRE(primary != nullptr);
  REQUIRE(secondary != nullptr);
  CHECK(text_of(*primary, "group") != text_of(*secondary, "group"));
  const topology::Node& node = stage.members.node(text_of(*primary, "node"));
  // Shard 7839 mod 2 = 1 listens two ports above the control port.
  CHECK(number_of(*primary, "shard") == 1);
  CHECK(text_of(*primary, "address") == "10.0.0.1:" + std::to_string(node.port + 2));
}

TEST_CASE("no key has a route while the cluster is forming") {
  Stage stage;
  stage.admit({"a1"});
  const auto route = route_view(stage.scene(), "key");
  REQUIRE_FALSE(route.ok());
  CHECK(route.code() == Code::kUnavailable);
  CHECK_THAT(route.status().message(), Contains("1 more server of group b"));
}

TEST_CASE("the history shows when, in a form that people read and programs sort") {
  const Value history = history_view({{7, 1'763'863'279'045, "a1", "a1 joined", "it registered"}});
  REQUIRE(history.items.size() == 1);
  CHECK(number_of(history.items[0], "epoch") == 7);
  CHECK(text_of(history.items[0], "when") == "2025-11-23 02:01:19.045 UTC");
  CHECK(text_of(history.items[0], "who") == "a1");
  CHECK(text_of(history.items[0], "why") == "it registered");
}

TEST_CASE("durations are as exact as people want them") {
  CHECK(duration_text(Millis{0}) == "0 ms");
  CHECK(duration_text(Millis{1999}) == "1999 ms");
  CHECK(duration_text(Millis{2000}) == "2 s");
  CHECK(duration_text(Millis{119'999}) == "119 s");
  CHECK(duration_text(Millis{120'000}) == "2 min");
  CHECK(duration_text(std::chrono::hours{5}) == "5 h");
  CHECK(duration_text(std::chrono::hours{50}) == "2 d");
}

}  // namespace
}  // namespace doris::admin

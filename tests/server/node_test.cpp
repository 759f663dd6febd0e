// A whole data server over real sockets and Berkeley DB: joining, adopting topologies,
// restarting.
#include <filesystem>

#include "server/data_dir.h"
#include "tests/server/running_node.h"

namespace doris::server::test {
namespace {

using Catch::Contains;
using Catch::StartsWith;
using resp::Value;

TEST_CASE_METHOD(RunningNode, "a node registers, waits while the cluster forms, and then serves") {
  admin_.publish(forming(1));
  admin_.refuse("");
  start();
  REQUIRE(eventually([&] { return heartbeat() == at(1, false); }));
  CHECK_THAT(admin_.registration(), StartsWith("DORIS.REGISTER server a1 a machine-1 127.0.0.1 " +
                                               std::to_string(port_) + " 2 - 0 "));
  CHECK_THAT(link(0, 1).text, StartsWith("NOTREADY a1/0: the cluster is forming"));

  admin_.publish(formed(2));
  REQUIRE(eventually([&] { return heartbeat() == at(2, true); }));
  for (uint32_t shard : {0U, 1U}) {
    REQUIRE(eventually([&] { return link(shard, 2).is(Value::Kind::kArray); }));
  }
}

TEST_CASE_METHOD(RunningNode, "a node that the admin refuses serves nobody and takes no topology") {
  start();
  REQUIRE(eventually([&] { return !admin_.registration().empty(); }));
  CHECK(heartbeat() == at(0, false));
  CHECK_THAT(link(0, 1).text, StartsWith("NOTREADY a1/0: "));
  const std::string text = topology::encode(formed(3));
  CHECK_THAT(ask({"DORIS.ADOPT", text}).text, StartsWith("NOTREADY a1 has not joined a cluster"));
  CHECK_THAT(ask_shard(1, {"DORIS.ADOPT", text}).text,
             StartsWith("NOTREADY a1 has not joined a cluster"));
}

TEST_CASE_METHOD(RunningNode,
                 "a newer topology is on the disk and with every shard when it is OK") {
  start_serving(3);
  CHECK(ask_shard(0, {"DORIS.ADOPT", topology::encode(formed(4))}) == Value::simple("OK"));
  CHECK(link(0, 4).is(Value::Kind::kArray));
  CHECK(link(1, 4).is(Value::Kind::kArray));
  CHECK(ask({"DORIS.ADOPT", topology::encode(formed(5))}) == Value::simple("OK"));
  CHECK_THAT(link(1, 4).text, StartsWith("STALEEPOCH 5 "));
  CHECK(heartbeat() == at(5, true));

  stop();
  const auto directory =
      DataDir::open({.path = scratch_.file("a1"), .node = "a1", .shards = 0, .shards_if_new = 1});
  REQUIRE(directory.ok());
  CHECK(*(*directory)->load_topology() == topology::encode(formed(5)));
  CHECK((*directory)->cluster() == cluster());
}

TEST_CASE_METHOD(RunningNode, "the topology held already is OK, an older one is told the epoch") {
  start_serving(3);
  CHECK(ask({"DORIS.ADOPT", topology::encode(formed(3))}) == Value::simple("OK"));
  CHECK(ask_shard(0, {"DORIS.ADOPT", topology::encode(formed(3))}) == Value::simple("OK"));
  CHECK_THAT(ask({"DORIS.ADOPT", topology::encode(formed(2))}).text, StartsWith("STALEEPOCH 3 "));
  CHECK_THAT(ask_shard(0, {"DORIS.ADOPT", topology::encode(formed(2))}).text,
             StartsWith("STALEEPOCH 3 "));
  CHECK(heartbeat() == at(3, true));
}

TEST_CASE_METHOD(RunningNode, "what is no topology, or another cluster's, is refused") {
  start_serving(3);
  CHECK_THAT(ask({"DORIS.ADOPT", "nonsense"}).text, StartsWith("ERR not a topology: "));
  topology::Topology foreign = formed(9);
  foreign.cluster = std::string(32, 'f');
  CHECK_THAT(ask_shard(1, {"DORIS.ADOPT", topology::encode(foreign)}).text,
             StartsWith("WRONGCLUSTER "));
  CHECK_THAT(ask({"DORIS.HEARTBEAT", foreign.cluster, "9", "0", "0"}).text,
             StartsWith("WRONGCLUSTER "));
  CHECK(heartbeat() == at(3, true));
}

TEST_CASE_METHOD(RunningNode, "each start of a node is another incarnation") {
  start_serving(3);
  const resp::Value first = whole_heartbeat();
  REQUIRE(first.items.size() == 14);
  CHECK_THAT(admin_.registration(), Contains(" " + std::to_string(first.items[6].integer) + " "));
  CHECK(whole_heartbeat().items[6] == first.items[6]);
  restart();
  REQUIRE(eventually([&] { return heartbeat() == at(3, true); }));
  CHECK(whole_heartbeat().items[6] != first.items[6]);
}

TEST_CASE_METHOD(RunningNode, "a standby is ready, and keeps update logs for others") {
  topology::Topology topology = formed(4);
  topology.nodes[1].name = "a9";
  topology.nodes[0].machine = "machine-9";
  topology::Node standby = topology.nodes[0];
  topology.nodes[0].name = "a8";
  standby.id = 3;
  standby.group = topology::Group::kStandby;
  standby.state = topology::NodeState::kStandby;
  topology.nodes.push_back(standby);
  start_serving(3);
  CHECK(ask({"DORIS.ADOPT", topology::encode(topology)}) == Value::simple("OK"));
  CHECK(heartbeat() == at(4, true));
  REQUIRE(link(0, 4).is(Value::Kind::kArray));
  CHECK_THAT(get("k").text, StartsWith("WRONGNODE ") || StartsWith("NOLINK"));
}

TEST_CASE_METHOD(RunningNode, "a node says whether another program answers it") {
  start_serving(3);
  const std::string port = std::to_string(port_);
  CHECK(ask({"DORIS.PROBE", "127.0.0.1", port, "5000"}) == Value::of(1));
  CHECK(ask({"DORIS.PROBE", "127.0.0.1", "1", "5000"}) == Value::of(0));
  CHECK_THAT(ask({"DORIS.PROBE", "127.0.0.1", port, "0"}).text, StartsWith("ERR DORIS.PROBE"));
}

TEST_CASE_METHOD(RunningNode, "a node that the topology does not suit says why it does not serve") {
  start_serving(3);
  topology::Topology topology = formed(4);
  SECTION("it is not named") {
    topology.nodes[0].name = "a9";
    CHECK(ask({"DORIS.ADOPT", topology::encode(topology)}) == Value::simple("OK"));
    CHECK_THAT(link(0, 4).text, Contains("does not name this node"));
  }
  SECTION("it was replaced") {
    topology::Node successor = topology.nodes[0];
    topology.nodes[0].state = topology::NodeState::kDead;
    successor.id = 9;
    successor.name = "a9";
    topology.nodes.push_back(successor);
    for (topology::NodeId& owner : topology.owner[0])
      owner = 9;
    CHECK(ask({"DORIS.ADOPT", topology::encode(topology)}) == Value::simple("OK"));
    CHECK_THAT(link(0, 4).text, Contains("was declared dead and replaced: stop it"));
  }
  SECTION("it has another number of shards") {
    topology.nodes[0].shards = 4;
    CHECK(ask({"DORIS.ADOPT", topology::encode(topology)}) == Value::simple("OK"));
    CHECK_THAT(link(0, 4).text, Contains("has 4 shards, but it has 2"));
  }
  CHECK(heartbeat() == at(4, false));
}

TEST_CASE_METHOD(RunningNode, "after a restart a node is not ready until its epoch is confirmed") {
  start_serving(3);
  REQUIRE(link(vnode_of("k") % 2, 3).is(Value::Kind::kArray));
  CHECK(set("k", "v").get() == Value::of(0));
  admin_.refuse("REFUSED for now");
  restart();
  CHECK(heartbeat() == at(3, false));
  CHECK_THAT(link(0, 3).text, StartsWith("NOTREADY a1/0: this node has restarted"));

  SECTION("a router that holds the same epoch confirms nothing") {
    CHECK(ask({"DORIS.ADOPT", topology::encode(formed(3))}) == Value::simple("OK"));
    CHECK(heartbeat() == at(3, false));
  }
  SECTION("nor does one with a newer one, in which the node is up: it may have lost what it had") {
    CHECK_THAT(link(0, 4).text, StartsWith("BEHINDEPOCH 3 "));
    CHECK(ask_shard(0, {"DORIS.ADOPT", topology::encode(formed(4))}) == Value::simple("OK"));
    CHECK(heartbeat() == at(4, false));
    CHECK_THAT(link(0, 4).text, StartsWith("NOTREADY a1/0: this node has restarted"));
  }
  SECTION("one in which it recovers does") {
    topology::Topology recovering = formed(4);
    recovering.nodes[0].state = topology::NodeState::kRecovering;
    recovering.nodes[0].since = 4;
    std::ranges::fill(recovering.primary, topology::Group::kB);
    CHECK(ask_shard(0, {"DORIS.ADOPT", topology::encode(recovering)}) == Value::simple("OK"));
    CHECK(heartbeat() == at(4, true));
    CHECK(link(vnode_of("k") % 2, 4).is(Value::Kind::kArray));
  }
  SECTION("the admin does") {
    admin_.refuse("");
    REQUIRE(eventually([&] { return heartbeat() == at(3, true); }));
    CHECK_THAT(admin_.registration(), Contains(" 2 " + cluster() + " 3 "));
  }
}

// It would not know which epochs have passed, and believe a router of the past.
TEST_CASE_METHOD(RunningNode, "a node that has joined and lost its topology does not start") {
  start_serving(3);
  stop();
  REQUIRE(std::filesystem::remove(settings().directory + "/topology"));
  const Status refused = try_to_start();
  CHECK(refused.code() == Code::kCorrupt);
  CHECK_THAT(refused.message(), Contains("/topology is missing: restore all of"));
}

TEST_CASE_METHOD(RunningNode, "no write that was answered is lost when a node stops") {
  start_serving(3);
  for (uint32_t shard : {0U, 1U})
    REQUIRE(link(shard, 3).is(Value::Kind::kArray));
  std::vector<std::future<Value>> replies;
  for (int i = 0; i < 2000; ++i)
    replies.push_back(set("k" + std::to_string(i), "v"));
  REQUIRE(replies[0].get() == Value::of(0));
  stop();  // In the middle of them.
  std::vector<int> answered = {0};
  for (int i = 1; i < 2000; ++i) {
    if (replies[i].get() == Value::of(0)) answered.push_back(i);
  }
  restart();
  REQUIRE(eventually([&] { return heartbeat() == at(3, true); }));
  for (uint32_t shard : {0U, 1U}) {
    REQUIRE(eventually([&] { return link(shard, 3).is(Value::Kind::kArray); }));
  }
  for (const int i : answered) {
    INFO(i);
    REQUIRE(get("k" + std::to_string(i)) == Value::bulk("v"));
  }
}

TEST_CASE_METHOD(RunningNode, "a node that cannot start says what is in its way") {
  start();
  Random random{9};  // The first node draws from its own meanwhile.
  SECTION("the directory is in use") {
    const auto loop = net::make_uv_loop();
    Node second(*loop, clock_, random, settings(), net::start_loop_thread,
                std::make_unique<BdbStores>(settings()));
    const Status started = second.start();
    CHECK(started.code() == Code::kExists);
    CHECK_THAT(started.message(), Contains(scratch_.file("a1")));
  }
  SECTION("the directory is another node's") {
    stop();
    Settings other = settings();
    other.node = "a2";
    const auto loop = net::make_uv_loop();
    Node second(*loop, clock_, random, other, net::start_loop_thread,
                std::make_unique<BdbStores>(other));
    CHECK_THAT(second.start().message(), Contains("belongs to node a1, not to a2"));
  }
  SECTION("a port is in use") {
    Settings other = settings();
    other.directory = scratch_.file("another");
    // Its control port is free or not; one of its shards' ports certainly is not.
    other.listen.port = static_cast<uint16_t>(port_ + GENERATE(-1, 0, 1));
    const auto loop = net::make_uv_loop();
    Node second(*loop, clock_, random, other, net::start_loop_thread,
                std::make_unique<BdbStores>(other));
    const Status started = second.start();
    CHECK(started.code() == Code::kExists);
    CHECK_THAT(started.message(), Contains("on 127.0.0.1 is in use"));
  }
}

}  // namespace
}  // namespace doris::server::test

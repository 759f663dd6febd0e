// DORIS.ADOPT at a whole node: what is kept, what is told to the shards, and when it is OK.
#include <filesystem>

#include "tests/net/peer.h"
#include "tests/server/running_node.h"

namespace doris::server::test {
namespace {

using Catch::StartsWith;
using resp::Value;

TEST_CASE_METHOD(RunningNode, "an epoch that cannot be kept on the disk is not acted upon") {
  start_serving(3);
  // The new file is written beside the old one; a directory of that name is in its way.
  const std::string obstacle = scratch_.file("a1/topology.tmp");
  REQUIRE(std::filesystem::create_directory(obstacle));
  const std::string text = topology::encode(formed(4));
  CHECK_THAT(ask({"DORIS.ADOPT", text}).text, StartsWith("ERR not kept: "));
  CHECK_THAT(ask_shard(0, {"DORIS.ADOPT", text}).text, StartsWith("ERR not kept: "));
  CHECK(heartbeat() == at(3, true));
  CHECK_THAT(link(1, 4).text, StartsWith("BEHINDEPOCH 3 "));
  CHECK(link(1, 3).is(Value::Kind::kArray));

  REQUIRE(std::filesystem::remove(obstacle));
  CHECK(ask({"DORIS.ADOPT", text}) == Value::simple("OK"));
  CHECK(heartbeat() == at(4, true));
}

TEST_CASE_METHOD(RunningNode, "a topology under way is OK only when every shard has it") {
  start_serving(3);
  struct Answers {
    std::vector<int> order;
    std::promise<void> complete;
  };
  const auto answers = std::make_shared<Answers>();
  const auto note = [answers](int caller) {
    return [answers, caller](const Value& reply) {
      if (reply == Value::simple("OK")) answers->order.push_back(caller);
      if (answers->order.size() == 2) answers->complete.set_value();
    };
  };
  // Both in one pass of the control thread, so no shard has answered when the second comes.
  loop_->post([this, note, text = topology::encode(formed(4))] {
    node_->adopt_topology(text, note(1));
    node_->adopt_topology(text, note(2));
  });
  REQUIRE(answers->complete.get_future().wait_for(kPatience) == std::future_status::ready);
  CHECK(answers->order == std::vector<int>{1, 2});
}

TEST_CASE_METHOD(RunningNode, "a topology is taken however small values must be") {
  overrides_ = {{"proto-max-bulk-len", "1kb"}};
  start_serving(3);
  topology::Topology topology = formed(4);
  for (topology::NodeId id = 3; id < 100; ++id) {
    topology::Node node = topology.nodes[0];
    node.id = id;
    node.name = "s" + std::to_string(id);
    node.machine = "machine-" + std::to_string(id);
    node.group = topology::Group::kStandby;
    node.state = topology::NodeState::kStandby;
    topology.nodes.push_back(node);
  }
  REQUIRE(topology::encode(topology).size() > 1024);
  CHECK(ask({"DORIS.ADOPT", topology::encode(topology)}) == Value::simple("OK"));
  topology.epoch = 5;
  CHECK(ask_shard(1, {"DORIS.ADOPT", topology::encode(topology)}) == Value::simple("OK"));
  CHECK(heartbeat() == at(5, true));
}

TEST_CASE_METHOD(RunningNode, "a router brings a shard up to date on its own connection") {
  start_serving(3);
  const topology::Vnode vnode = vnode_of("k");
  REQUIRE(link(vnode % 2, 3).is(Value::Kind::kArray));
  CHECK(set("k", "v").get() == Value::of(0));

  // Another router has done so, through the other shard.
  CHECK(ask_shard(1 - vnode % 2, {"DORIS.ADOPT", topology::encode(formed(4))}) ==
        Value::simple("OK"));
  CHECK_THAT(get("k").text, StartsWith("STALEEPOCH 4 "));

  CHECK_THAT(link(vnode % 2, 5).text, StartsWith("BEHINDEPOCH 4 "));
  CHECK_THAT(get("k").text, StartsWith("NOLINK "));
  CHECK(ask_shard(vnode % 2, {"DORIS.ADOPT", topology::encode(formed(5))}) == Value::simple("OK"));
  CHECK(link(vnode % 2, 5).items.at(0) == Value::of(5));
  CHECK(get("k") == Value::bulk("v"));
}

TEST_CASE_METHOD(RunningNode, "an admin that has lost its memory changes nothing") {
  start_serving(5);
  admin_.publish(formed(2));
  restart();
  REQUIRE(eventually([&] { return !admin_.registration().empty(); }));
  CHECK(heartbeat() == at(5, false));
  CHECK_THAT(link(0, 5).text, StartsWith("NOTREADY "));

  admin_.publish(formed(6));  // It remembers.
  REQUIRE(eventually([&] { return heartbeat() == at(6, true); }));
}

TEST_CASE_METHOD(RunningNode, "connections end while their answers are under way") {
  start_serving(3);
  const std::string text = topology::encode(formed(3));
  for (int i = 0; i < 50; ++i) {
    std::vector<std::future<Value>> replies;
    for (const uint16_t port : {port_, shard_port(0), shard_port(1)})
      replies.push_back(send(port, {"DORIS.ADOPT", text}));
    replies.push_back(send(port_, {"DORIS.RECORD", "k"}, resp::Protocol::kResp3));
    close_connections();
  }
  CHECK(heartbeat() == at(3, true));
}

TEST_CASE_METHOD(RunningNode, "the control port, too, has a limit of connections") {
  start();
  constexpr size_t kSessionsMax = 1024;
  const std::string refusal = "-ERR max number of clients reached\r\n";
  std::vector<std::unique_ptr<net::Peer>> peers;
  for (size_t i = 0; i < kSessionsMax; ++i) {
    peers.push_back(std::make_unique<net::Peer>(port_));
    REQUIRE(peers.back()->send("PING\r\n"));
    REQUIRE(peers.back()->receive(7) == "+PONG\r\n");
  }
  net::Peer one_more(port_);
  CHECK(one_more.receive(refusal.size()) == refusal);
  CHECK(one_more.at_end());

  peers.pop_back();
  CHECK(eventually([&] {
    net::Peer again(port_);
    return again.send("PING\r\n") && again.receive(7) == "+PONG\r\n";
  }));
}

}  // namespace
}  // namespace doris::server::test

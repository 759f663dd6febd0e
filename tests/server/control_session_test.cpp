// The control port of a data server, as an operator and the admin see it.
#include "tests/server/running_node.h"

namespace doris::server::test {
namespace {

using Catch::Contains;
using Catch::StartsWith;
using resp::Protocol;
using resp::Value;

TEST_CASE_METHOD(RunningNode, "the control port answers what every Redis answers") {
  start();
  CHECK(ask({"PING"}) == Value::simple("PONG"));
  CHECK(ask({"ECHO", "x"}) == Value::bulk("x"));
  CHECK(ask({"TIME"}).items.size() == 2);
  CHECK(ask({"CLIENT", "SETNAME", "me"}) == Value::simple("OK"));
  CHECK(ask({"HELLO", "2"}).get("server")->text == "doris-server");
  CHECK(ask({"CONFIG", "HELP"}).items.size() == 5);
  CHECK(ask({"CONFIG", "GET", "node-name"}).items.at(1).text == "a1");
  CHECK_THAT(ask({"COMMAND", "COUNT"}).integer,
             Catch::Predicate<int64_t>([](int64_t n) { return n >= 14; }));
  CHECK_THAT(ask({"GET", "k"}).text, StartsWith("ERR unknown command 'GET'"));
  CHECK_THAT(ask({"DORIS.HEARTBEAT"}).text, Contains("wrong number of arguments"));
}

TEST_CASE_METHOD(RunningNode, "INFO tells of the node, its place, its shards and its disk") {
  start_serving(3);
  for (uint32_t shard : {0U, 1U})
    REQUIRE(link(shard, 3).is(Value::Kind::kArray));
  CHECK(set("k", "v").get() == Value::of(0));
  const std::string shard = "shard" + std::to_string(vnode_of("k") % 2);
  const std::string info = ask({"INFO"}).text;
  for (const std::string& line :
       {std::string("# Server\r\n"), std::string("redis_version:7."),
        "tcp_port:" + std::to_string(port_), std::string("# Topology\r\n"),
        std::string("node:a1\r\n"), std::string("group:a\r\n"), "cluster:" + cluster(),
        std::string("epoch:3\r\n"), std::string("serving:yes\r\n"), std::string("# Shards\r\n"),
        std::string("# Disk\r\n"), std::string("writes_allowed:yes\r\n")}) {
    CHECK_THAT(info, Contains(line));
  }
  const size_t begin = info.find(shard + ":");
  REQUIRE(begin != std::string::npos);
  CHECK_THAT(info.substr(begin, info.find("\r\n", begin) - begin),
             Contains("connections=1") && Contains("writes=1") && Contains("commits=1") &&
                 Contains("writes_per_commit=1.0") && Contains("offline=0"));
  CHECK(eventually([&] { return ask({"INFO"}).text.find("keys=1") != std::string::npos; }));
}

TEST_CASE_METHOD(RunningNode, "a node that serves gives its topology to whoever has an older one") {
  start_serving(3);
  const Value pulled = ask({"DORIS.PULL", "2"});
  REQUIRE(pulled.is(Value::Kind::kBulk));
  CHECK(topology::decode(pulled.text)->epoch == 3);
  CHECK(ask({"DORIS.PULL", "3"}).is(Value::Kind::kNull));
  CHECK_THAT(ask({"DORIS.PULL", "x"}).text, StartsWith("ERR value is not an integer"));
}

// A write to it is refused, and only who writes heard of that.
TEST_CASE_METHOD(RunningNode, "INFO and the heartbeat say that an update log is full") {
  overrides_ = {{"update-log-max-size", "1mb"}};
  start_serving(3);
  topology::Topology topology = formed(4);
  topology::Node& b1 = topology.nodes[1];
  b1.state = topology::NodeState::kTempFailed;
  b1.since = 4;
  REQUIRE(ask({"DORIS.ADOPT", topology::encode(topology)}) == Value::simple("OK"));
  REQUIRE(link(0, 4).is(Value::Kind::kArray));
  const auto log = [&](uint64_t hlc, const std::string& value) {
    std::string version(resp::Version::kBytes, '\0');
    resp::Version{4, hlc, 257}.encode(version.data());
    return ask_shard(
        0, {"VSET", "L" + std::to_string(b1.id), "0", value.substr(0, 8), version, "0", value});
  };
  const auto full = [&] {
    const Value logs = whole_heartbeat().items.at(9);
    return logs.items.empty() ? Value() : logs.items[0].items.at(5);
  };
  CHECK(log(1, "a little") == Value::of(0));
  REQUIRE(eventually([&] { return full() == Value::of(0); }));
  CHECK_THAT(ask({"INFO"}).text, Contains("update_log_b1:entries=1,bytes=16,full=0,"));
  CHECK(log(2, std::string(1 << 20, 'v')) == Value::of(0));
  CHECK_THAT(log(3, "one more").text, StartsWith("UPDATELOGFULL "));
  REQUIRE(eventually([&] { return full() == Value::of(1); }));
  CHECK_THAT(ask({"INFO"}).text, Contains(",full=1,"));
}

TEST_CASE_METHOD(RunningNode, "INFO says why a node does not serve") {
  start();
  CHECK_THAT(ask({"INFO"}).text, Contains("serving:no, this node waits for the admin"));
}

TEST_CASE_METHOD(RunningNode, "DORIS.RECORD shows what is held of a key") {
  start_serving(3);
  for (uint32_t shard : {0U, 1U})
    REQUIRE(link(shard, 3).is(Value::Kind::kArray));
  CHECK(set("k", "a value", 77).get() == Value::of(0));
  const Value record = ask({"DORIS.RECORD", "k"}, Protocol::kResp3);
  REQUIRE(record.is(Value::Kind::kMap));
  CHECK(record.get("vnode")->integer == vnode_of("k"));
  CHECK(record.get("shard")->integer == vnode_of("k") % 2);
  CHECK(record.get("state")->text == "live");
  CHECK(record.get("version")->text == resp::Version{3, 77, 257}.text());
  CHECK(record.get("expires")->integer == 0);
  CHECK(record.get("value")->text == "a value");

  CHECK(ask({"DORIS.RECORD", "other"}, Protocol::kResp3).get("state")->text == "absent");
  CHECK(ask({"DORIS.RECORD", "k", "5"}, Protocol::kResp3).get("key")->text == "5:k");
  CHECK(ask({"DORIS.RECORD", "k"}).is(Value::Kind::kArray));  // Lines, under RESP2.
  CHECK_THAT(ask({"DORIS.RECORD", "k", "x"}).text, StartsWith("ERR syntax error"));
}

TEST_CASE_METHOD(RunningNode, "DORIS.RECORD without a topology says that it is too early") {
  start();
  CHECK_THAT(ask({"DORIS.RECORD", "k"}).text, StartsWith("NOTREADY "));
}

TEST_CASE_METHOD(RunningNode, "answers of other threads keep their place in a pipeline") {
  start_serving(3);
  std::vector<std::future<Value>> records;
  std::vector<std::future<Value>> pings;
  for (int i = 0; i < 100; ++i) {
    // resp::Client matches replies to calls by their order alone.
    records.push_back(send(port_, {"DORIS.RECORD", "k" + std::to_string(i)}, Protocol::kResp3));
    pings.push_back(send(port_, {"ECHO", std::to_string(i)}, Protocol::kResp3));
  }
  for (int i = 0; i < 100; ++i) {
    CHECK(records[i].get().get("key")->text == "k" + std::to_string(i));
    CHECK(pings[i].get() == Value::bulk(std::to_string(i)));
  }
}

}  // namespace
}  // namespace doris::server::test

// A whole admin, asked over its socket by routers, data servers and operators.
#include "admin/admin.h"

#include <catch2/catch.hpp>
#include <climits>
#include <map>

#include "tests/admin/admin_fixture.h"

namespace doris::admin {
namespace {

using Catch::Contains;
using resp::Value;
using test::eventually;
using test::FakeServer;
using test::Overrides;
using test::RunningAdmin;

// Lets a1 and b1 in, and waits until both serve.
struct Founders {
  FakeServer& a1;
  FakeServer& b1;
};

// A cluster that serves.
Founders form(RunningAdmin& admin) {
  const Founders founders{admin.add_server("a1"), admin.add_server("b1")};
  REQUIRE(admin.register_server(founders.a1).is(Value::Kind::kArray));
  REQUIRE(admin.register_server(founders.b1).is(Value::Kind::kArray));
  REQUIRE(eventually([&] { return admin.status_text("state") == "serving"; }));
  return founders;
}

TEST_CASE("a cluster forms, and its servers get the topology without asking") {
  RunningAdmin admin;
  CHECK_THAT(admin.status_text("state"), Contains("forming: waiting for 1 more server of group a"));
  FakeServer& a1 = admin.add_server("a1");
  FakeServer& b1 = admin.add_server("b1");
  const Value first = admin.register_server(a1);
  REQUIRE(first.items.size() == 2);
  CHECK_FALSE(topology::decode(first.items[1].text)->formed());
  const Value second = admin.register_server(b1);
  REQUIRE(second.items.size() == 2);
  CHECK(second.items[0].text == first.items[0].text);
  CHECK(topology::decode(second.items[1].text)->formed());

  CHECK(eventually([&] { return admin.read(a1.epoch) == 3 && admin.read(b1.epoch) == 3; }));
  CHECK(admin.read(a1.last_error).empty());
  CHECK(eventually([&] { return admin.status_text("copies") == "2 copies of all 1000 vnodes"; }));
  CHECK(admin.status_text("state") == "serving");
}

TEST_CASE("a refused server is told why, and can try again on the same connection") {
  RunningAdmin admin;
  form(admin);
  FakeServer& impostor = admin.add_server("a1");
  const Value refused = admin.register_server(impostor);
  CHECK(refused.is(Value::Kind::kError));
  CHECK_THAT(refused.text, Catch::StartsWith("REFUSED ") && Contains("node-name of its own"));
  CHECK(admin.ask({"DORIS.REGISTER", "server", "a1"}).is(Value::Kind::kError));
  CHECK(admin.register_server(admin.add_server("a2")).is(Value::Kind::kArray));
}

TEST_CASE("who was refused is shown until a server of that name is let in") {
  RunningAdmin admin;
  form(admin);
  const auto refused = [&](const std::string& server) {
    const Value status = admin.ask({"DORIS.STATUS"});
    const Value* const trouble = status.get("trouble");
    if (trouble == nullptr) return std::string();
    for (const Value& row : trouble->items)
      if (row.get("server")->text == server) return row.get("trouble")->text;
    return std::string();
  };
  FakeServer& alien = admin.add_server("a2");
  const std::string address = "a2 (127.0.0.1:" + std::to_string(admin.read(alien.port)) + ")";
  CHECK(admin.register_server(alien, std::string(32, 'f')).is(Value::Kind::kError));
  CHECK_THAT(refused(address),
             Catch::StartsWith("was refused ") && Contains("wrong admin address"));
  CHECK(admin.register_server(alien).is(Value::Kind::kArray));
  CHECK(refused(address).empty());
}

TEST_CASE(
    "a server that has gone is failed over, with the cause, and is up again when it is back") {
  RunningAdmin admin;
  FakeServer& a1 = admin.add_server("a1");
  FakeServer& b1 = admin.add_server("b1");
  (void)admin.register_server(a1);
  (void)admin.register_server(b1);
  REQUIRE(eventually([&] { return admin.status_text("state") == "serving"; }));

  admin.on_thread([&] { b1.vanish(); });
  REQUIRE(eventually([&] { return admin.node_text("b1", "health") == "down"; }));
  CHECK(admin.node_text("a1", "health") == "up");
  CHECK_THAT(admin.node_text("b1", "trouble"), Contains("no answer for") && !Contains("127.0.0.1"));
  CHECK(admin.status_text("copies") == "1 copy of 1000 vnodes, without b1");
  CHECK(eventually([&] { return admin.node_text("b1", "state") == "temp-failed"; }));
  CHECK(eventually([&] { return admin.read(a1.epoch) == 4; }));

  admin.on_thread([&] { b1.listen(b1.port); });
  CHECK(eventually([&] { return admin.node_text("b1", "health") == "up"; }));
  CHECK(eventually([&] { return admin.status_text("state") == "serving"; }));
  CHECK(admin.ask({"DORIS.STATUS"}).get("epoch")->integer == 6);  // Recovering, then up.
}

TEST_CASE("a server that has failed for too long is replaced by a standby") {
  RunningAdmin admin(Overrides{{"permanent-failure-after", "200ms"}});
  FakeServer& s1 = admin.add_server("s1");
  FakeServer& a1 = admin.add_server("a1");
  FakeServer& b1 = admin.add_server("b1");
  for (FakeServer* server : {&s1, &a1, &b1})
    REQUIRE(admin.register_server(*server).is(Value::Kind::kArray));
  REQUIRE(eventually([&] { return admin.status_text("state") == "serving"; }));
  admin.on_thread([&] { b1.vanish(); });
  REQUIRE(eventually([&] { return admin.node_text("b1", "state") == "dead"; }));
  CHECK(eventually([&] { return admin.node_text("s1", "state") == "up"; }));
  CHECK(admin.node_text("s1", "group") == "b");
  CHECK(eventually([&] { return admin.status_text("state") == "serving"; }));
  const Value refused = admin.register_server(b1);
  CHECK_THAT(refused.text, Catch::StartsWith("REFUSED ") && Contains("declared dead"));
}

TEST_CASE("a server that has failed for too long is replaced once there is a standby") {
  RunningAdmin admin(Overrides{{"permanent-failure-after", "200ms"}});
  const auto [a1, b1] = form(admin);
  admin.on_thread([&] { b1.vanish(); });
  REQUIRE(eventually([&] { return admin.node_text("b1", "state") == "temp-failed"; }));
  REQUIRE(admin.register_server(admin.add_server("s1")).is(Value::Kind::kArray));
  CHECK(eventually([&] { return admin.node_text("b1", "state") == "dead"; }));
  CHECK(admin.node_text("s1", "group") == "b");
}

TEST_CASE("a node that cannot be replaced is not in the way of one that can") {
  RunningAdmin admin(
      Overrides{{"permanent-failure-after", "200ms"}, {"initial-servers-per-group", "3"}});
  std::map<std::string, FakeServer*> servers;
  const auto join = [&](const std::string& name) {
    servers[name] = &admin.add_server(name);
    REQUIRE(admin.register_server(*servers[name]).is(Value::Kind::kArray));
  };
  for (const char* name : {"a1", "a2", "a3", "b1", "b2", "b3"})
    join(name);
  REQUIRE(eventually([&] { return admin.status_text("state") == "serving"; }));
  const auto operate = [&](const char* what, const char* name) {
    CHECK(admin.ask({"DORIS.NODE", what, name}).text == "OK");
  };
  operate("FAIL", "a1");  // a2 keeps its update log.
  join("s1");
  REQUIRE(eventually([&] { return admin.node_text("s1", "health") == "up"; }));
  operate("FAIL", "a3");  // s1 keeps its, and can take its place only.
  for (const char* name : {"a1", "a3"}) {
    admin.on_thread([&] { servers[name]->vanish(); });
    REQUIRE(eventually([&] { return admin.node_text(name, "health") == "down"; }));
    operate("RECOVER", name);
  }
  CHECK(eventually([&] { return admin.node_text("a3", "state") == "dead"; }));
  CHECK(admin.node_text("a1", "state") == "temp-failed");
}

TEST_CASE("a frozen server is shown as down though its connection stands") {
  RunningAdmin admin(Overrides{{"heartbeat-timeout", "50ms"}});
  FakeServer& a1 = admin.add_server("a1");
  (void)admin.register_server(a1);
  REQUIRE(eventually([&] { return admin.node_text("a1", "health") == "up"; }));
  admin.on_thread([&] { a1.frozen = true; });
  CHECK(eventually([&] { return admin.node_text("a1", "health") == "down"; }));
  admin.on_thread([&] { a1.frozen = false; });
  CHECK(eventually([&] { return admin.node_text("a1", "health") == "up"; }));
}

// One observer alone fails nobody.
TEST_CASE("a silent server is failed over only once nobody else reaches it either") {
  RunningAdmin admin(Overrides{{"heartbeat-timeout", "50ms"}});
  const auto [a1, b1] = form(admin);
  admin.on_thread([&] {
    a1.sees_others = true;
    b1.frozen = true;
  });
  REQUIRE(eventually([&] { return admin.node_text("b1", "health") == "down"; }));
  REQUIRE(
      eventually([&] { return admin.read(a1.probes) >= 2; }));  // It was asked again, and again.
  CHECK(admin.node_text("b1", "state") == "up");
  admin.on_thread([&] { a1.sees_others = false; });
  CHECK(eventually([&] { return admin.node_text("b1", "state") == "temp-failed"; }));
}

TEST_CASE("what one server says against a report holds while the servers are asked again") {
  RunningAdmin admin(Overrides{{"heartbeat-timeout", "50ms"}});
  const auto [a1, b1] = form(admin);
  const std::string cluster = admin.ask({"DORIS.STATUS"}).get("cluster")->text;
  admin.on_thread([&] {
    a1.sees_others = true;
    b1.frozen = true;
  });
  // Not so often that it is a report that has a1 asked again.
  while (admin.read(a1.probes) < 4) {
    CHECK(admin.ask({"DORIS.REPORT", "router-1", "b1", cluster, "3", "no answer"}).text == "OK");
    std::this_thread::sleep_for(Millis{300});
  }
  CHECK(admin.node_text("b1", "state") == "up");
}

TEST_CASE("a server that does not take a new epoch is failed over until it does") {
  RunningAdmin admin;
  const auto [a1, b1] = form(admin);
  admin.on_thread([&] { b1.refusals_left = INT_MAX; });
  REQUIRE(admin.register_server(admin.add_server("s1")).is(Value::Kind::kArray));
  REQUIRE(eventually([&] { return admin.node_text("b1", "state") == "temp-failed"; }));
  CHECK_THAT(admin.ask({"DORIS.HISTORY", "1"}).items[0].get("why")->text,
             Contains("does not take the newest epoch"));
  admin.on_thread([&] { b1.refusals_left = 0; });
  CHECK(eventually([&] { return admin.status_text("state") == "serving"; }));
}

TEST_CASE("a server of which a shard does nothing any more is failed over") {
  RunningAdmin admin;
  const auto [a1, b1] = form(admin);
  const auto trouble = [&] { return admin.node_text("b1", "trouble"); };
  admin.on_thread([&] { b1.silent_for = 600; });
  REQUIRE(eventually([&] { return trouble() == "one of its shards has done nothing for 600 ms"; }));
  CHECK(admin.node_text("b1", "state") == "up");
  admin.on_thread([&] { b1.silent_for = 9000; });  // More than 2 heartbeats of 2 s, and a quarter.
  REQUIRE(eventually([&] { return admin.node_text("b1", "state") == "temp-failed"; }));
  admin.on_thread([&] { b1.silent_for = 0; });
  CHECK(eventually([&] { return admin.status_text("state") == "serving"; }));
}

TEST_CASE("a damaged server that has the only copy goes on with what is sound") {
  RunningAdmin admin;
  const auto [a1, b1] = form(admin);
  admin.on_thread([&] { b1.vanish(); });
  REQUIRE(eventually([&] { return admin.node_text("b1", "state") == "temp-failed"; }));
  admin.on_thread([&] {
    b1.recovers = false;
    b1.listen(b1.port);
    a1.shards_offline = 1;
  });
  REQUIRE(eventually([&] { return admin.node_text("b1", "state") == "recovering"; }));
  CHECK(admin.node_text("a1", "state") == "up");
  CHECK_THAT(admin.node_text("a1", "trouble"), Contains("shards offline"));
  admin.on_thread([&] { b1.recovers = true; });
  CHECK(eventually([&] { return admin.node_text("a1", "state") == "temp-failed"; }));
}

TEST_CASE("a report names a node of this cluster") {
  RunningAdmin admin;
  form(admin);
  const std::string cluster = admin.ask({"DORIS.STATUS"}).get("cluster")->text;
  const auto report = [&](const std::string& node, const std::string& of) {
    return admin.ask({"DORIS.REPORT", "10.0.0.1:6379", node, of, "3", "no answer"}).text;
  };
  CHECK(report("b1", cluster) == "OK");
  CHECK_THAT(report("b7", cluster), Contains("no node 'b7'"));
  CHECK_THAT(report("b1", "another"), Catch::StartsWith("WRONGCLUSTER"));
  CHECK(admin.node_text("b1", "state") == "up");
}

TEST_CASE("a server whose process is new steps back before it is let in") {
  RunningAdmin admin;
  const auto [a1, b1] = form(admin);
  const std::string cluster = admin.ask({"DORIS.STATUS"}).get("cluster")->text;
  admin.on_thread([&] {
    b1.incarnation = 2;
    b1.recovers = false;
  });
  const Value reply = admin.register_server(b1, cluster);
  REQUIRE(reply.items.size() == 2);
  CHECK(topology::decode(reply.items[1].text)->find("b1")->state ==
        topology::NodeState::kRecovering);
  admin.on_thread([&] { b1.recovers = true; });
  CHECK(eventually([&] { return admin.status_text("state") == "serving"; }));
}

TEST_CASE("of servers that have restarted together the first serves, the others are compared") {
  RunningAdmin admin;
  const auto [a1, b1] = form(admin);
  const std::string cluster = admin.ask({"DORIS.STATUS"}).get("cluster")->text;
  admin.on_thread([&] {
    for (FakeServer* const server : {&a1, &b1}) {
      server->incarnation = 2;
      server->ready = server->recovers = false;
    }
  });
  admin.restart();
  REQUIRE(eventually([&] { return admin.register_server(a1, cluster).is(Value::Kind::kArray); }));
  CHECK(admin.node_text("a1", "state") == "up");
  // It has not said yet that it serves.
  REQUIRE(admin.register_server(b1, cluster).is(Value::Kind::kArray));
  CHECK(admin.node_text("b1", "state") == "recovering");
}

// Both copies are dead, and what one of them has is older: it may not be read before the other one
// is there.
TEST_CASE("a server that comes back with an older disk has been away for long") {
  RunningAdmin admin;
  const auto [a1, b1] = form(admin);
  const std::string cluster = admin.ask({"DORIS.STATUS"}).get("cluster")->text;
  const bool is_older = GENERATE(true, false);
  const bool admin_restarts = GENERATE(true, false);
  const auto heartbeats = [&] { return admin.read(a1.heartbeats); };
  admin.on_thread([&] { a1.disk_mark = 100; });
  const int before = heartbeats();
  REQUIRE(eventually([&] { return heartbeats() >= before + 3; }));  // One more than is heard.
  admin.on_thread([&] {
    for (FakeServer* const server : {&a1, &b1}) {
      server->incarnation = 2;
      server->recovers = server->ready = false;
      server->shards_offline = 1;
    }
  });
  const auto state = [&](const char* name) { return admin.node_text(name, "state"); };
  REQUIRE(eventually([&] { return state("a1") == "temp-failed" && state("b1") == "temp-failed"; }));
  if (admin_restarts) admin.restart();
  admin.on_thread([&] {
    a1.shards_offline = 0;
    a1.disk_mark = is_older ? 99 : 100;
  });
  const Value reply = admin.register_server(a1, cluster);
  REQUIRE(reply.is(Value::Kind::kArray));
  const auto since = [](const Value& answer, const char* name) {
    return topology::decode(answer.items[1].text)->find(name)->since;
  };
  CHECK((since(reply, "a1") == topology::kSinceLongAgo) == is_older);
  CHECK(since(reply, "b1") > topology::kSinceLongAgo);
  const Value history = admin.ask({"DORIS.HISTORY"});
  const bool is_told = std::ranges::any_of(history.items, [](const Value& entry) {
    return entry.get("why")->text.find("older disk") != std::string::npos;
  });
  CHECK(is_told == is_older);
  // Once only: by now this is its disk.
  CHECK(since(admin.register_server(a1, cluster), "a1") == since(reply, "a1"));
}

TEST_CASE("an older disk is noticed before its server has registered, too") {
  RunningAdmin admin;
  const auto [a1, b1] = form(admin);
  admin.on_thread([&] { a1.disk_mark = 100; });
  const int before = admin.read(a1.heartbeats);
  REQUIRE(eventually([&] { return admin.read(a1.heartbeats) >= before + 3; }));
  admin.on_thread([&] {
    b1.vanish();
    a1.vanish();
  });
  const auto state = [&](const char* name) { return admin.node_text(name, "state"); };
  REQUIRE(eventually([&] { return state("a1") == "temp-failed" && state("b1") == "temp-failed"; }));
  const bool admin_restarts = GENERATE(true, false);
  if (admin_restarts) admin.restart();
  admin.on_thread([&] {
    a1.incarnation = 2;
    a1.disk_mark = 99;
    a1.recovers = false;
    a1.listen(a1.port);
  });
  REQUIRE(eventually([&] { return state("a1") == "recovering"; }));
  CHECK_THAT(admin.node_text("a1", "trouble"), Contains("has an older disk than it had"));
}

TEST_CASE("another server at a node's address is not taken for it") {
  RunningAdmin admin;
  FakeServer& a1 = admin.add_server("a1");
  (void)admin.register_server(a1);
  REQUIRE(eventually([&] { return admin.node_text("a1", "health") == "up"; }));
  admin.on_thread([&] { a1.name = "b7"; });
  CHECK(eventually([&] { return admin.node_text("a1", "health") == "down"; }));
  CHECK_THAT(admin.node_text("a1", "trouble"), Contains("answers 'b7'"));
}

TEST_CASE("a topology that a server did not take is sent again") {
  RunningAdmin admin;
  FakeServer& a1 = admin.add_server("a1");
  admin.on_thread([&] { a1.refusals_left = 3; });
  (void)admin.register_server(a1);
  CHECK(eventually([&] { return admin.read(a1.epoch) == 2; }));
  CHECK(admin.read(a1.refusals_left) == 0);
}

TEST_CASE("a server that does not serve yet is named") {
  RunningAdmin admin;
  FakeServer& a1 = admin.add_server("a1");
  FakeServer& b1 = admin.add_server("b1");
  admin.on_thread([&] { b1.ready = false; });
  (void)admin.register_server(a1);
  (void)admin.register_server(b1);
  CHECK(eventually([&] { return admin.node_text("b1", "trouble") == "does not serve yet"; }));
  CHECK(admin.status_text("state") == "degraded");
}

TEST_CASE("a long poll is answered by the next epoch, and holds the commands behind it") {
  RunningAdmin admin;
  auto topology = admin.send({"DORIS.WATCH", "1", "20000", "router:1"}, 1);
  auto pong = admin.send({"PING"}, 1);
  CHECK(pong.wait_for(Millis{50}) == std::future_status::timeout);
  (void)admin.register_server(admin.add_server("a1"));
  CHECK(topology::decode(topology.get().text)->epoch == 2);
  CHECK(pong.get().text == "PONG");
}

TEST_CASE("many long polls are all answered by one epoch, again and again") {
  RunningAdmin admin;
  for (topology::Epoch epoch = 1; epoch <= 3; ++epoch) {
    std::vector<std::future<Value>> polls;
    for (size_t i = 1; i <= 20; ++i) {
      polls.push_back(admin.send({"DORIS.WATCH", std::to_string(epoch), "20000", "r"}, i));
    }
    (void)admin.register_server(admin.add_server("a" + std::to_string(epoch)));
    for (auto& poll : polls)
      CHECK(topology::decode(poll.get().text)->epoch == epoch + 1);
  }
}

TEST_CASE("a long poll without news ends with nil, and one for old news at once") {
  RunningAdmin admin;
  CHECK(admin.ask({"DORIS.WATCH", "1", "5", "router:1"}).is(Value::Kind::kNull));
  CHECK(admin.ask({"DORIS.WATCH", "1", "0", "router:1"}).is(Value::Kind::kNull));
  CHECK(topology::decode(admin.ask({"DORIS.WATCH", "0", "20000", "r"}).text)->epoch == 1);
  CHECK(topology::decode(admin.ask({"DORIS.PULL", "0"}).text)->epoch == 1);
  CHECK(admin.ask({"DORIS.PULL", "1"}).is(Value::Kind::kNull));
  CHECK(admin.ask({"DORIS.PULL", "one"}).is(Value::Kind::kError));
}

TEST_CASE("routers get different numbers, and are listed while they watch") {
  RunningAdmin admin;
  const Value first = admin.ask({"DORIS.REGISTER", "router", "10.0.0.1:6379"});
  const Value second = admin.ask({"DORIS.REGISTER", "router", "10.0.0.2:6379"});
  REQUIRE(first.items.size() == 3);
  REQUIRE(second.items.size() == 3);
  CHECK(first.items[1].integer != second.items[1].integer);
  CHECK(topology::decode(first.items[2].text).ok());
  const Value status = admin.ask({"DORIS.STATUS"});
  REQUIRE(status.get("routers")->items.size() == 2);
  CHECK(status.get("routers")->items[0].get("router")->text == "10.0.0.1:6379");
}

TEST_CASE("a router that listens on all addresses is listed by the one it comes from") {
  RunningAdmin admin;
  (void)admin.ask({"DORIS.REGISTER", "router", "0.0.0.0:6379"});
  (void)admin.ask({"DORIS.WATCH", "1", "0", "[::]:6380"});
  const Value status = admin.ask({"DORIS.STATUS"});
  REQUIRE(status.get("routers")->items.size() == 2);
  CHECK(status.get("routers")->items[0].get("router")->text == "127.0.0.1:6379");
  CHECK(status.get("routers")->items[1].get("router")->text == "127.0.0.1:6380");
}

TEST_CASE("a restarted admin has forgotten nothing that matters") {
  RunningAdmin admin;
  form(admin);
  const Value number = admin.ask({"DORIS.REGISTER", "router", "10.0.0.1:6379"});
  const Value topology = admin.ask({"DORIS.TOPOLOGY"});
  const Value history = admin.ask({"DORIS.HISTORY"});
  CHECK(history.items.size() == 3);
  admin.restart();
  CHECK(admin.ask({"DORIS.TOPOLOGY"}) == topology);
  CHECK(admin.ask({"DORIS.HISTORY"}) == history);
  CHECK(admin.ask({"DORIS.REGISTER", "router", "r"}).items[1].integer > number.items[1].integer);
  CHECK(eventually([&] { return admin.status_text("state") == "serving"; }));
}

// All were stopped, and not all come back: who does must not wait for the others.
TEST_CASE("servers that were gone when the admin began have failed together") {
  RunningAdmin admin;
  const auto [a1, b1] = form(admin);
  admin.on_thread([&] {
    a1.vanish();
    b1.vanish();
  });
  admin.restart();
  REQUIRE(eventually([&] {
    return admin.node_text("a1", "state") == "temp-failed" &&
           admin.node_text("b1", "state") == "temp-failed";
  }));
  CHECK_THAT(admin.node_text("a1", "trouble"), Catch::StartsWith("failed at epoch 4"));
  CHECK_THAT(admin.node_text("b1", "trouble"), Catch::StartsWith("failed at epoch 4"));
}

// As when admin-dir was restored from a backup. What it would make of that is of the past.
TEST_CASE("an admin that is behind a data server changes nothing any more, and says so") {
  RunningAdmin admin;
  const auto [a1, b1] = form(admin);
  const int64_t epoch = admin.ask({"DORIS.STATUS"}).get("epoch")->integer;
  admin.on_thread([&] { a1.epoch = 100; });
  REQUIRE(eventually(
      [&] { return admin.status_text("state").starts_with("outdated: a1 has seen epoch 100"); }));
  CHECK_THAT(admin.ask({"DORIS.NODE", "FAIL", "b1"}).text, Contains("restore a newer copy"));
  CHECK_THAT(admin.ask({"DORIS.REGISTER", "router", "10.0.0.1:6379"}).text,
             Contains("restore a newer copy"));
  admin.on_thread([&] { b1.vanish(); });
  CHECK(eventually([&] { return admin.node_text("b1", "health") == "down"; }));
  admin.on_thread([&] { a1.epoch = 1; });
  CHECK(admin.ask({"DORIS.STATUS"}).get("epoch")->integer == epoch);
}

TEST_CASE("two admins cannot have one port") {
  RunningAdmin admin;
  const Status started = admin.start_another({{"admin-port", std::to_string(admin.port())}});
  CHECK(started.code() == Code::kExists);
}

TEST_CASE("a thousand large replies in one pipeline arrive in order") {
  RunningAdmin admin(Overrides{{"vnodes", "65535"}});
  form(admin);
  std::vector<std::future<Value>> replies;
  for (int i = 0; i < 500; ++i) {
    replies.push_back(admin.send({"DORIS.PULL", "0"}, 1));
    replies.push_back(admin.send({"ECHO", std::to_string(i)}, 1));
  }
  const std::string topology = replies[0].get().text;
  REQUIRE(topology::decode(topology).ok());
  for (int i = 0; i < 500; ++i) {
    if (i > 0) REQUIRE(replies[2 * i].get().text == topology);
    REQUIRE(replies[2 * i + 1].get().text == std::to_string(i));
  }
}

TEST_CASE("DORIS.VERIFY has every data server compare, and shows what all of them say") {
  RunningAdmin admin;
  FakeServer& a1 = admin.add_server("a1");
  FakeServer& b1 = admin.add_server("b1");
  (void)admin.register_server(a1);
  (void)admin.register_server(b1);
  REQUIRE(eventually([&] { return admin.status_text("state") == "serving"; }));
  CHECK(admin.ask({"DORIS.TASKS"}).items.empty());
  CHECK_THAT(admin.ask({"DORIS.VERIFY", "NONSENSE"}).text, Contains("ERR DORIS.VERIFY takes"));

  CHECK_THAT(admin.ask({"DORIS.VERIFY", "REPAIR"}).text, Contains("OK"));
  CHECK_THAT(admin.ask({"DORIS.VERIFY"}).text, Contains("BUSY"));
  CHECK(eventually([&] { return admin.read(a1.wanted).second == "1"; }));
  CHECK(eventually([&] { return admin.read(b1.wanted).second == "1"; }));
  CHECK(admin.ask({"DORIS.TASKS"}).items.size() == 1);
  const std::string id = admin.read(a1.wanted).first;
  CHECK(id == admin.read(b1.wanted).first);

  const auto say = [&](FakeServer& server, int64_t left, int64_t differences) {
    Value progress = Value::array({Value::of(500), Value::of(left), Value::of(1000)});
    Value samples = Value::array({Value::bulk("k (vnode 3): missing or older at b1")});
    admin.on_thread([&] {
      server.verification = Value::array({Value::of(std::stoll(id)), progress, Value::array({}),
                                          Value::of(differences), Value::of(differences), samples});
    });
  };
  say(a1, 0, 1);
  say(b1, 0, 0);
  const auto view = [&] { return admin.ask({"DORIS.VERIFY", "STATUS"}); };
  REQUIRE(eventually([&] { return view().get("state")->text == "done"; }));
  CHECK(view().get("vnodes")->integer == 1000);
  CHECK(view().get("differences")->integer == 1);
  CHECK(view().get("first differences")->items.size() == 2);
  CHECK(admin.ask({"DORIS.TASKS"}).items.empty());

  CHECK(admin.ask({"DORIS.VERIFY", "STOP"}) == Value::simple("OK"));
  CHECK(eventually([&] { return admin.read(a1.wanted).first == "0"; }));
}

TEST_CASE("DORIS.STATUS says when a server counts as failed") {
  RunningAdmin admin;
  form(admin);
  const Value failover = *admin.ask({"DORIS.STATUS"}).get("failover");
  CHECK_THAT(failover.get("silence is failure after")->text, Contains(" x "));
  CHECK(failover.get("degraded writes")->text == "yes");
}

}  // namespace
}  // namespace doris::admin

// DORIS.LASTWRITE: what the last write of the connection that asks got.
#include "router/last_write.h"

#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;
using topology::Group;
using topology::NodeState;

constexpr Millis kReconnect{2000};
constexpr Millis kTimeout{5000};

const std::string kNone = "[+outcome: no write on this connection yet]";

std::string version_of(const FakeShard& shard, const std::string& key) {
  return shard.records.at(key).version.text();
}

// As a program sees it that speaks RESP3.
std::string ask(RunningWorker& router) {
  router.ask("HELLO 3");
  return router.ask("DORIS.LASTWRITE");
}

struct Scene {
  RunningWorker router;
  const std::string a = router.key_in(Group::kA);
  const std::string b = router.key_in(Group::kB);
};

// Until the router has given up hope that the server that refuses is failed over.
void ask_in_vain(RunningWorker& router, const std::string& command) {
  router.say({command});
  router.loop.advance(Millis{3000});
  REQUIRE(router.replies().size() == 1);
}

TEST_CASE("a write that went well names its version and both its replicas") {
  Scene scene;
  RunningWorker& router = scene.router;
  const std::string command =
      GENERATE_REF("SET " + scene.a + " 1", "INCR " + scene.a, "MSET other 1 " + scene.a + " 1",
                   "SET " + scene.a + " 1 NX");
  router.ask(command);
  const topology::Vnode vnode = topology::KeyHasher().vnode(scene.a, kVnodes);
  CHECK(ask(router) == fmt::format("{{\"outcome\" \"both copies\" \"version\" \"{}\" \"vnode\" :{} "
                                   "\"primary\" \"a1\" \"second\" \"replica at b1\"}}",
                                   version_of(router.a, scene.a), vnode));
}

TEST_CASE("what the second copy has taken before the version was raised does not count") {
  Scene scene;
  RunningWorker& router = scene.router;
  const bool refuses = GENERATE(true, false);
  router.ask("SET " + scene.a + " 1");
  router.a.records[scene.a].version.hlc += 1ULL << 40;  // By another router.
  router.a.stall();
  router.say({"SET " + scene.a + " 2"});
  CHECK(router.b.records[scene.a].value == "2");
  (refuses ? router.b.disk_full : router.b.ready) = refuses;
  router.a.go_on();
  router.loop.advance(kTimeout + Millis{100});
  REQUIRE(router.replies().size() == 1);
  CHECK_THAT(ask(router), Contains("not known: ") && Contains("\"primary\" \"a1\"") &&
                              Contains("\"second\" \"replica at b1, not confirmed\""));
}

TEST_CASE("a primary whose effect waits for what it rests on has done the write") {
  Scene scene;
  RunningWorker& router = scene.router;
  router.ask("SET " + scene.a + " 1");
  router.a.bases_final = false;
  router.say({"INCR " + scene.a});
  router.loop.advance(kTimeout + Millis{100});
  REQUIRE(router.replies().size() == 1);
  CHECK_THAT(ask(router), Contains("not known: ") && Contains("\"primary\" \"a1\" \"second\" nil"));
}

TEST_CASE("people get it in lines") {
  Scene scene;
  scene.router.ask("SET " + scene.b + " v");
  const std::string lines = scene.router.ask("DORIS.LASTWRITE");
  CHECK_THAT(lines, StartsWith("[+outcome: both copies +version: "));
  CHECK_THAT(lines, Contains("+primary: b1") && Contains("+second:  replica at a1"));
}

TEST_CASE("the version is the one that the primary has raised it to") {
  Scene scene;
  scene.router.a.records[scene.a] = {{1, 1ULL << 62, 999}, "theirs"};
  scene.router.ask("SET " + scene.a + " mine");
  REQUIRE(scene.router.a.records == scene.router.b.records);
  CHECK_THAT(ask(scene.router), Contains(version_of(scene.router.b, scene.a)));
}

TEST_CASE("a connection that has not written is told so, whatever others have written") {
  Scene scene;
  RunningWorker& router = scene.router;
  CHECK(router.ask("DORIS.LASTWRITE") == kNone);
  FakeClient& other = router.connect();
  other.say("SET k v");
  router.loop.settle();
  CHECK(router.ask(Lines{"GET k", "DORIS.LASTWRITE"}).back() == kNone);
  CHECK(ask(router) == "{\"outcome\" \"no write on this connection yet\"}");
}

TEST_CASE("without a topology nothing was written") {
  RunningWorker router({}, false);
  CHECK(router.ask(Lines{"SET k v", "DORIS.LASTWRITE"}).back() == kNone);
}

TEST_CASE("an update that changes nothing leaves the last write as it was") {
  Scene scene;
  RunningWorker& router = scene.router;
  router.ask("SET " + scene.a + " 1");
  const std::string before = ask(router);
  router.ask(Lines{"SETNX " + scene.a + " 2", "DEL nosuch", "SET " + scene.a + " 2 NX"});
  CHECK(ask(router) == before);
}

TEST_CASE("of several keys it is the last one that was written") {
  Scene scene;
  RunningWorker& router = scene.router;
  router.ask("MSET " + scene.a + " 1 " + scene.b + " 1");
  CHECK_THAT(ask(router), Contains(version_of(router.b, scene.b)));
  router.ask("DEL " + scene.a + " " + scene.b + " nosuch");
  CHECK_THAT(ask(router), Contains(version_of(router.b, scene.b)) &&
                              Contains("\"primary\" \"b1\" \"second\" \"replica at a1\""));
}

TEST_CASE("while a node has failed, the update log that has the write is named") {
  Scene scene;
  RunningWorker& router = scene.router;
  SECTION("beside the first copy") {
    router.adopt_with("a1", NodeState::kTempFailed);
    router.ask("SET " + scene.a + " v");
    CHECK_THAT(ask(router), StartsWith("{\"outcome\" \"one copy and an update log\"") &&
                                EndsWith("\"primary\" \"b1\" \"second\" "
                                         "\"update log kept by b1 for a1\"}"));
  }
  SECTION("of a write that was under way, too") {
    router.b.stall();
    router.say({"SET " + scene.a + " v", "DORIS.LASTWRITE"});
    CHECK(router.replies().empty());
    router.adopt_with("b1", NodeState::kTempFailed);
    router.loop.advance(kReconnect);
    CHECK_THAT(router.replies().back(), Contains("update log kept by a1 for b1"));
  }
  SECTION("and no more when the node takes writes again") {
    router.adopt_with("b1", NodeState::kTempFailed);
    router.ask("INCR " + scene.a);
    CHECK_THAT(ask(router), Contains("\"update log kept by a1 for b1\""));
    router.adopt_with("b1", NodeState::kRecovering);
    router.loop.advance(kReconnect);
    router.ask("INCR " + scene.a);
    CHECK_THAT(ask(router), Contains("\"both copies\"") && Contains("\"replica at b1\""));
  }
}

TEST_CASE("what was proposed anew names those who have it in the end") {
  Scene scene;
  RunningWorker& router = scene.router;
  router.a.stall();
  router.say({"SET " + scene.a + " v"});
  router.adopt_with("a1", NodeState::kTempFailed);
  router.loop.advance(kReconnect);
  REQUIRE(router.replies() == Lines{"+OK"});
  CHECK_THAT(ask(router), Contains("\"primary\" \"b1\" \"second\" \"update log kept by b1") &&
                              Contains(version_of(router.b, scene.a)));
}

TEST_CASE("a write that was refused by all has failed, for the reason that the client was told") {
  Scene scene;
  RunningWorker& router = scene.router;
  router.topology.degraded_writes = false;
  SECTION("before it was sent") {
    router.adopt_with("a1", NodeState::kTempFailed);
    const std::string error = router.ask("SET " + scene.a + " v");
    CHECK_THAT(ask(router), StartsWith("{\"outcome\" \"failed: " + error.substr(1) + "\"") &&
                                Contains("\"version\" nil") &&
                                EndsWith("\"primary\" nil \"second\" nil}"));
  }
  SECTION("by its primary") {
    router.a.disk_full = true;
    ask_in_vain(router, "INCR " + scene.a);
    CHECK_THAT(ask(router), StartsWith("{\"outcome\" \"failed: DISKFULL") &&
                                EndsWith("\"primary\" \"a1, not confirmed\" \"second\" nil}"));
  }
}

TEST_CASE("whether a write that somebody may have has failed is not known") {
  Scene scene;
  RunningWorker& router = scene.router;
  SECTION("there was no answer in time") {
    router.b.stall();
    router.say({"SET " + scene.a + " v", "DORIS.LASTWRITE"});
    router.loop.advance(kTimeout + Millis{100});
    CHECK_THAT(router.replies().back(),
               StartsWith("[+outcome: not known: TIMEOUT data server b1 ") &&
                   Contains("+primary: a1 +second:  replica at b1, not confirmed]"));
  }
  SECTION("one copy is there") {
    router.a.disk_full = true;
    ask_in_vain(router, "SET " + scene.a + " v");
    CHECK_THAT(ask(router), StartsWith("{\"outcome\" \"not known: DISKFULL") &&
                                EndsWith("\"a1, not confirmed\" \"second\" \"replica at b1\"}"));
  }
}

TEST_CASE("a command that failed is told of by the key that failed") {
  Scene scene;
  RunningWorker& router = scene.router;
  router.a.disk_full = true;
  ask_in_vain(router, "DEL " + scene.a + " " + scene.b);
  CHECK_THAT(ask(router), Contains("failed: DISKFULL") && Contains("\"a1, not confirmed\""));
}

TEST_CASE("a write that goes well makes the failed one before it forgotten") {
  Scene scene;
  RunningWorker& router = scene.router;
  router.a.disk_full = true;
  ask_in_vain(router, "INCR " + scene.a);
  router.a.disk_full = false;
  router.ask("INCR " + scene.a);
  CHECK_THAT(ask(router), StartsWith("{\"outcome\" \"both copies\""));
}

TEST_CASE("in a pipeline it tells of the writes before it, and of none behind it") {
  Scene scene;
  RunningWorker& router = scene.router;
  router.a.stall();
  router.say({"DORIS.LASTWRITE", "SET " + scene.a + " 1", "DORIS.LASTWRITE", "PING",
              "SET " + scene.b + " 2", "DORIS.LASTWRITE"});
  CHECK(router.replies() == Lines{kNone});
  router.a.go_on();
  router.loop.settle();
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 5);
  CHECK_THAT(replies[1], Contains(version_of(router.a, scene.a)) && Contains("primary: a1"));
  CHECK(replies[2] == "+PONG");
  CHECK_THAT(replies[4], Contains(version_of(router.a, scene.b)) && Contains("primary: b1"));
}

TEST_CASE("RESET makes the writes before it forgotten, in the order of a pipeline") {
  Scene scene;
  RunningWorker& router = scene.router;
  router.a.stall();
  router.say({"SET " + scene.a + " 1", "DORIS.LASTWRITE", "RESET", "DORIS.LASTWRITE", "PING"});
  CHECK(router.replies().empty());
  router.a.go_on();
  router.loop.settle();
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 5);
  CHECK_THAT(replies[1], StartsWith("[+outcome: both copies"));
  CHECK(replies[2] == "+RESET");
  CHECK(replies[3] == kNone);
  CHECK(replies[4] == "+PONG");
}

TEST_CASE("it is answered in the protocol that was spoken when it was asked") {
  Scene scene;
  RunningWorker& router = scene.router;
  router.a.stall();
  router.say({"SET " + scene.a + " 1", "DORIS.LASTWRITE", "HELLO 3", "DORIS.LASTWRITE"});
  router.a.go_on();
  router.loop.settle();
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 4);
  CHECK_THAT(replies[1], StartsWith("[+outcome:"));
  CHECK_THAT(replies[3], StartsWith("{\"outcome\""));
}

TEST_CASE("it takes no arguments, and the admin is not asked") {
  RunningWorker router;
  CHECK(router.ask("DORIS.LASTWRITE k") ==
        "-ERR wrong number of arguments for 'doris.lastwrite' command");
  CHECK(router.ask("doris.lastwrite") == kNone);
  CHECK(router.control.forwarded.empty());
}

TEST_CASE("a node that has left the topology is named by its number") {
  Request request;
  request.parts.resize(1);
  request.parts[0].version = {1, 2, 3};
  request.parts[0].primary = 77;
  request.parts[0].primary_done = true;
  LastWrite last;
  last.note(request);
  const auto table =
      std::make_shared<topology::RoutingTable>(topology::test::formed_topology(kVnodes, 1));
  CHECK(last.describe(table, resp::Protocol::kResp3).get("primary")->text == "node 77");
}

}  // namespace
}  // namespace doris::router::test

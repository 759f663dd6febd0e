// The commands of one pipeline take effect in their order, whatever fails: none gets to where one
// before it may have to be asked again.
#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

using topology::NodeState;

constexpr Millis kReconnect{2000};
constexpr Millis kPoll{20};

// a1 has the primary replica of the key, which is 5 on both, and dies.
struct Scene {
  Scene() : key(router.key_in(topology::Group::kA)) {
    router.ask("SET " + key + " 5");
    router.a.take_asked();
    router.b.take_asked();
  }

  // Commands with the key filled in.
  [[nodiscard]] Lines of_key(Lines commands) const {
    for (std::string& command : commands)
      command.insert(command.find(' ') + 1, command.back() == ' ' ? key : key + " ");
    return commands;
  }
  void lose_primary() {
    router.a.leave();
    router.adopt_with("a1", NodeState::kTempFailed);
    router.loop.advance(kReconnect);
  }
  [[nodiscard]] std::optional<std::string> value() { return router.b.records[key].value; }

  RunningWorker router;
  const std::string key;
};

struct Pipeline {
  Lines commands;
  Lines replies;
};

TEST_CASE("a pipeline whose primary dies has done its commands in their order") {
  Scene scene;
  const Pipeline pipeline = GENERATE(
      Pipeline{{"DEL ", "SET v"}, {":1", "+OK"}}, Pipeline{{"INCR ", "SET v"}, {":6", "+OK"}},
      Pipeline{{"APPEND x", "SET v"}, {":2", "+OK"}}, Pipeline{{"GET ", "SET v"}, {"\"5\"", "+OK"}},
      Pipeline{{"EXISTS ", "DEL ", "SET v"}, {":1", ":1", "+OK"}},
      Pipeline{{"SET 7", "GET ", "DEL ", "SET 1", "SETNX 2", "SET v"},
               {"+OK", "\"7\"", ":1", "+OK", ":0", "+OK"}});
  SECTION("before it has seen them") {
    scene.router.a.stall();
  }
  SECTION("before it has answered") {
    scene.router.a.answers = false;
  }
  SECTION("before it knew that the key's record is settled") {
    scene.router.a.settles = scene.router.a.bases_final = false;
  }
  scene.router.say(scene.of_key(pipeline.commands));
  CHECK(scene.value() != "v");
  scene.lose_primary();
  CHECK(scene.router.replies() == pipeline.replies);
  CHECK(scene.value() == "v");
  CHECK(scene.router.b.log["1 " + scene.key] == scene.router.b.records[scene.key]);
}

TEST_CASE("what waits for a read or an update goes once that is answered") {
  Scene scene;
  scene.router.a.settles = scene.router.a.bases_final = false;
  const std::string first = GENERATE("GET ", "SETNX 1", "INCR ");
  scene.router.say(scene.of_key({first, "SET v", "SET w"}));
  CHECK(scene.router.b.take_asked().empty());
  CHECK(std::ranges::none_of(scene.router.a.take_asked(),
                             [](const auto& line) { return line.starts_with("VSET"); }));
  scene.router.a.settles = scene.router.a.bases_final = true;
  scene.router.loop.advance(kPoll);
  CHECK(scene.router.replies().size() == 3);
  CHECK(scene.router.a.records == scene.router.b.records);
}

TEST_CASE("a pipeline whose connection is lost has done its commands in their order") {
  Scene scene;
  const Pipeline pipeline =
      GENERATE(Pipeline{{"GET ", "SET v"}, {"\"5\"", "+OK"}},
               Pipeline{{"SETNX 1", "DEL ", "SET v"}, {":0", ":1", "+OK"}},
               Pipeline{{"DEL ", "DEL ", "EXISTS ", "SET v"}, {":1", ":0", ":0", "+OK"}});
  scene.router.a.answers = false;
  scene.router.say(scene.of_key(pipeline.commands));
  scene.router.a.drop();
  scene.router.a.answers = true;
  scene.router.loop.advance(kReconnect);
  CHECK(scene.router.replies() == pipeline.replies);
  CHECK(scene.value() == "v");
  CHECK(scene.router.a.records == scene.router.b.records);
}

TEST_CASE("what waits when its time is over is given up") {
  Scene scene;
  scene.router.a.settles = scene.router.a.bases_final = false;
  scene.router.say(scene.of_key({"INCR ", "SET v", "APPEND x"}));
  scene.router.loop.advance(Millis{6000});
  const Lines replies = scene.router.replies();
  REQUIRE(replies.size() == 3);
  CHECK_THAT(replies[0], Catch::StartsWith("-TIMEOUT") && Catch::Contains("may or may not"));
  for (size_t i = 1; i < replies.size(); ++i)
    CHECK_THAT(replies[i], Catch::StartsWith("-TIMEOUT") && Catch::Contains("could not be sent"));
  scene.router.a.settles = scene.router.a.bases_final = true;
  scene.router.loop.advance(kPoll);
  CHECK(scene.router.ask("SET " + scene.key + " w") == "+OK");
  CHECK(scene.router.a.records == scene.router.b.records);
}

// With the first request, the second one ends, too, before it is given back itself.
TEST_CASE("a client may be killed when its requests are late and nobody has looked yet") {
  Scene scene;
  scene.router.loop.advance(Millis{25});
  FakeClient& client = scene.router.connect();
  scene.router.a.stall();
  client.say("GET " + scene.key);
  client.say("SET " + scene.key + " v");
  scene.router.loop.settle();
  scene.router.loop.advance(Millis{5010});
  scene.router.ask("CLIENT KILL TYPE normal SKIPME yes");
  CHECK_FALSE(client.connected());
  scene.router.a.go_on();
  scene.router.loop.advance(kReconnect);
  CHECK(scene.value() == "5");
  CHECK(scene.router.ask("SET " + scene.key + " w") == "+OK");
}

TEST_CASE("blind writes go to both copies at once") {
  Scene scene;
  const std::string other = scene.router.key_in(topology::Group::kA, 1);
  scene.router.a.stall();
  scene.router.say({"SET " + scene.key + " 1", "SET " + scene.key + " 2", "GET " + other,
                    "DEL " + other, "SET " + scene.key + " 3"});
  CHECK(scene.router.b.take_asked() == Lines{"VSET S " + scene.key + " 1",
                                             "VSET S " + scene.key + " 2",
                                             "VSET S " + scene.key + " 3"});
}

TEST_CASE("a client's blind write does not wait for what others ask") {
  Scene scene;
  scene.router.a.stall();
  FakeClient& other = scene.router.connect();
  other.say("GET " + scene.key);
  other.say("INCR " + scene.key);
  scene.router.loop.settle();
  scene.router.say({"SET " + scene.key + " v"});
  CHECK(scene.router.b.take_asked() == Lines{"VSET S " + scene.key + " v"});
}

TEST_CASE("others do not wait for what is held back") {
  Scene scene;
  scene.router.a.settles = false;
  scene.router.say(scene.of_key({"GET ", "SET 10", "INCR "}));
  FakeClient& other = scene.router.connect();
  other.say("INCR " + scene.key);
  scene.router.loop.settle();
  CHECK(other.replies() == Lines{":6"});
  scene.router.a.settles = true;
  scene.router.loop.advance(kPoll);
  CHECK(scene.router.replies() == Lines{"\"5\"", "+OK", ":11"});
  CHECK(scene.router.a.records == scene.router.b.records);
}

// One that had to wait is evaluated after another client's, though it was submitted before it.
TEST_CASE("effects are spread in the order in which they were evaluated") {
  Scene scene;
  FakeShard& primary = scene.router.a;
  primary.settles = false;
  scene.router.say(scene.of_key({"GET ", "INCR ", "SET v"}));
  primary.stall();
  FakeClient& other = scene.router.connect();
  scene.router.loop.advance(kPoll);  // The read asks again, before the other client's commands.
  for (const std::string& command : scene.of_key({"INCR ", "APPEND 1"}))
    other.say(command);
  scene.router.loop.settle();
  primary.settles = true;
  primary.go_on();
  scene.router.loop.advance(kPoll);
  CHECK(scene.router.replies() == Lines{"\"5\"", ":7", "+OK"});
  CHECK(other.replies() == Lines{":6", ":2"});
  const Lines asked = scene.router.b.take_asked();
  REQUIRE(asked.size() == 4);
  CHECK(asked[0] == "VSET S " + scene.key + " 6");
  CHECK(asked[1] == "VSET S " + scene.key + " 7");
  CHECK(scene.router.a.records == scene.router.b.records);
}

TEST_CASE("effects of what is proposed anew are spread in the order of the new evaluation") {
  Scene scene;
  scene.router.a.stall();
  scene.router.say(scene.of_key({"SET 1", "INCR "}));
  FakeClient& other = scene.router.connect();
  other.say("INCR " + scene.key);
  scene.router.loop.settle();
  scene.router.b.take_asked();
  scene.router.adopt_with("b1", NodeState::kUp);  // Another epoch.
  scene.router.a.drop();                          // And nothing was done in the one before.
  scene.router.a.go_on();
  scene.router.loop.advance(kReconnect);
  CHECK(scene.router.replies() == Lines{"+OK", ":3"});
  CHECK(other.replies() == Lines{":2"});
  const std::string copy = "VSET S " + scene.key;
  CHECK(scene.router.b.take_asked() == Lines{copy + " 1", copy + " 2", copy + " 3"});
}

TEST_CASE("updates of one kind are under way together") {
  Scene scene;
  scene.router.a.answers = false;
  scene.router.say(scene.of_key({"INCR ", "INCR ", "GET ", "APPEND 1"}));
  const std::string incr = "VRMW " + scene.key + " INCRBY 1";
  CHECK(scene.router.a.take_asked() == Lines{incr, incr, "VGET " + scene.key});
}

TEST_CASE("a read whose connection is lost does not find what came after it") {
  Scene scene;
  scene.router.a.settles = false;
  scene.router.say(scene.of_key({"GET ", "SET v"}));
  scene.router.loop.advance(kPoll);
  scene.router.a.drop();
  scene.router.a.settles = true;
  scene.router.loop.advance(kReconnect);
  CHECK(scene.router.replies() == Lines{"\"5\"", "+OK"});
}

// Its question is sent behind the write.
TEST_CASE("a read whose server has restarted is asked anew, before what came after it") {
  Scene scene;
  scene.router.a.settles = false;
  scene.router.say(scene.of_key({"GET "}));
  scene.router.a.stall();
  scene.router.say(scene.of_key({"SET v"}));
  scene.router.loop.advance(kPoll);
  scene.router.a.leave();
  scene.router.a.go_on();
  ++scene.router.a.incarnation;
  scene.router.loop.advance(kPoll);
  scene.router.a.settles = true;
  scene.router.a.come_back();
  scene.router.a.take_asked();
  scene.router.loop.advance(kReconnect);
  CHECK(scene.router.replies().front() == "\"5\"");
  CHECK(scene.router.a.take_asked().front() == "VGET " + scene.key);
}

// Two reads wait for what they have found to be settled, and something newer comes.
struct TwoReads : Scene {
  TwoReads() {
    router.a.settles = false;
    router.say(of_key({"GET ", "GET "}));
    router.loop.advance(kPoll);
    CHECK(router.replies().empty());
    router.a.records[key] = {{2, 1ULL << 60, 1}, "newer"};
  }
  int questions = 0;
};

TEST_CASE_METHOD(TwoReads, "a read is not shown before one that is asked again") {
  router.a.settles = true;
  router.a.on_command = [this](auto args) {
    if (args[0] == "VWAIT") router.a.forgets = ++questions == 1;
  };
  router.loop.advance(kPoll);
  CHECK(router.replies() == Lines{"\"newer\"", "\"newer\""});
}

TEST_CASE_METHOD(TwoReads, "a read that was asked before the one before it is not shown") {
  router.a.on_command = [this](auto args) {
    if (args[0] == "VWAIT") router.a.forgets = ++questions == 1;
    router.a.settles = args[0] == "VGET" || questions > 2;
  };
  router.loop.advance(kPoll);
  CHECK(questions > 2);
  CHECK(router.replies() == Lines{"\"newer\"", "\"newer\""});
}

// Of two blind writes of one pipeline the first finds what another router has written meanwhile,
// whose version lies between theirs: so the second copy does not take it, and forgets it.
struct TwoWrites : Scene {
  // And the shard answers so many writes.
  void let_another_write(FakeShard& shard, size_t answered = SIZE_MAX) {
    shard.on_command = [this, &shard, answered, writes = size_t{0}](auto args) mutable {
      if (args[0] != "VSET") return;
      shard.answers = ++writes <= answered;
      if (writes != 1) return;
      const resp::Version version = resp::Version::decode(args[4].data());
      shard.records[key] = {{version.epoch, version.hlc, version.writer + 1}, "other's"};
    };
  }
};

TEST_CASE_METHOD(TwoWrites, "a write that is proposed anew does not come after the next one") {
  const Lines commands = GENERATE(Lines{"SET 1", "SET v"}, Lines{"SET 1", "SET 2", "SET v"});
  SECTION("which nobody has answered") {
    let_another_write(router.b);
    router.a.stall();
    router.say(of_key(commands));
  }
  SECTION("which is done") {
    let_another_write(router.a);
    let_another_write(router.b, commands.size());
    router.say(of_key(commands));
    router.b.drop();  // With its last answer.
    router.b.on_command = nullptr;
    router.b.answers = true;
  }
  CHECK(router.replies().empty());
  lose_primary();
  CHECK(router.replies() == Lines(commands.size(), "+OK"));
  CHECK(value() == "v");
}

TEST_CASE_METHOD(TwoWrites, "a write whose next one has failed is not done after what follows") {
  let_another_write(router.b);
  router.a.stall();
  router.say(of_key({"SET 1", "SET 2", "INCR "}));
  router.b.on_command = [this](auto args) {
    if (args[0] == "VRMW") router.b.disk_full = args[6] == "2";
  };
  lose_primary();
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 3);
  CHECK_THAT(replies[0], Catch::StartsWith("-UNKNOWN") && Catch::EndsWith("may not take effect"));
  CHECK_THAT(replies[1], Catch::StartsWith("-DISKFULL"));
  CHECK(replies[2] == ":3");
  CHECK(value() == "3");
}

TEST_CASE_METHOD(TwoWrites, "a write that something else of its client follows is done itself") {
  let_another_write(router.b);
  router.a.stall();
  router.say(of_key({"SET 1", "GET "}));
  router.say(of_key({"SET v"}));
  lose_primary();
  CHECK(router.replies() == Lines{"+OK", "\"1\"", "+OK"});
  CHECK(value() == "v");
}

}  // namespace
}  // namespace doris::router::test

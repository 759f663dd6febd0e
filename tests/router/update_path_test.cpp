// Updates: evaluated by the primary, their effects on the second copy, once whatever happens.
#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

constexpr Millis kReconnect{2000};
constexpr Millis kPoll{20};

// The next epoch, in which every primary role is with the other group.
topology::Topology flipped(topology::Topology topology) {
  ++topology.epoch;
  for (topology::Group& group : topology.primary)
    group = group == topology::Group::kA ? topology::Group::kB : topology::Group::kA;
  return topology;
}

TEST_CASE("the primary evaluates an update, and the second copy gets its effect") {
  RunningWorker router;
  router.primary("k").records["k"] = {{1, 1, 1}, "41"};
  CHECK(router.ask("INCR k") == ":42");
  CHECK(router.primary("k").take_asked() == Lines{"VRMW k INCRBY 1"});
  CHECK(router.secondary("k").take_asked() == Lines{"VSET S k 42"});
  CHECK(router.a.records == router.b.records);
  CHECK(router.ask("DEL k") == ":1");
  CHECK(router.secondary("k").take_asked() == Lines{"VDEL S k"});
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("an update is answered when the second copy has its effect, and not before") {
  RunningWorker router;
  router.secondary("k").stall();
  CHECK(router.ask("APPEND k ab") == "(none)");
  CHECK(router.primary("k").records["k"].value == "ab");
  router.secondary("k").go_on();
  router.loop.settle();
  CHECK(router.replies() == Lines{":2"});
}

TEST_CASE("an update that changes nothing costs one server") {
  RunningWorker router;
  router.ask("SET k v");
  router.secondary("k").take_asked();
  CHECK(router.ask("SETNX k w") == ":0");
  CHECK(router.ask("SET k w NX") == "nil");
  CHECK(router.ask("DEL other") == ":0");
  CHECK(router.a.asked.size() + router.b.asked.size() == 1 + 3);
}

TEST_CASE("an update that changes nothing is answered once what it has found is settled") {
  RunningWorker router;
  router.ask("SET k v");
  router.primary("k").settles = false;
  CHECK(router.ask("SETNX k w") == "(none)");
  router.primary("k").settles = true;
  router.loop.advance(kPoll);
  CHECK(router.replies() == Lines{":0"});
}

TEST_CASE("an effect is not spread before what it rests on is final") {
  RunningWorker router;
  router.ask("SET k 1");
  router.secondary("k").take_asked();
  router.primary("k").bases_final = false;
  CHECK(router.ask("INCR k") == "(none)");
  CHECK(router.secondary("k").take_asked().empty());

  router.primary("k").bases_final = true;
  SECTION("alone") {
    router.loop.advance(kPoll);
    CHECK(router.replies() == Lines{":2"});
    CHECK(router.secondary("k").take_asked() == Lines{"VSET S k 2"});
  }
  SECTION("with another update behind it") {
    CHECK(router.ask("INCR k") == "(none)");
    CHECK(router.secondary("k").take_asked().empty());
    router.loop.advance(kPoll);
    CHECK(router.replies() == Lines{":2", ":3"});
    CHECK(router.secondary("k").take_asked() == Lines{"VSET S k 2", "VSET S k 3"});
  }
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("a reader gives up beside an effect that waits") {
  RunningWorker router;
  router.ask("SET k 1");
  router.primary("k").bases_final = router.primary("k").settles = false;
  CHECK(router.ask("GET k") == "(none)");
  CHECK(router.ask("INCR k") == "(none)");
  router.loop.advance(Millis{5100});
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 2);
  CHECK_THAT(replies[0], Catch::StartsWith("-CLUSTERDOWN data server"));
  CHECK_THAT(replies[1], Catch::StartsWith("-TIMEOUT data server"));
}

// Of two updates the first was overtaken, and in the new epoch it got a version above that of the
// second, which waits for another writer, who waits for the first.
TEST_CASE("an update does not wait for one behind it, whatever its version has become") {
  RunningWorker router;
  FakeShard& primary = router.primary("k");
  FakeShard& second = router.secondary("k");
  router.ask("SET k 1");
  const resp::Version found = primary.records["k"].version;
  primary.bases_final = false;
  CHECK(router.ask("INCR k") == "(none)");
  const auto first = std::ranges::find_if(
      primary.done, [](const auto& done) { return done.second.starts_with("*6\r\n:2\r\n"); });
  REQUIRE(first != primary.done.end());
  const resp::Version place = primary.records["k"].version;
  CHECK(router.ask("INCR k") == "(none)");
  second.take_asked();

  primary.epoch = second.epoch = 2;
  Buffer anew;
  resp::Writer(anew, resp::Protocol::kResp2)
      .array(6)
      .integer(2)
      .bulk(bytes_of({2, 1'700'000'000'000ULL << 16, 257}))
      .integer(0)
      .bulk("70")
      .bulk(bytes_of(found))
      .bulk(bytes_of(place));
  first->second = std::string(anew.view());
  router.adopt_next_epoch();
  router.loop.advance(kPoll);
  CHECK(second.take_asked().empty());
  primary.final_base = found;
  router.loop.advance(kPoll);
  CHECK(second.take_asked() == Lines{"VSET S k 70"});
  CHECK(router.replies() == Lines{":2"});
  primary.bases_final = true;
  router.loop.advance(kPoll);
  CHECK(router.replies() == Lines{":3"});
}

// The new primary knows neither. The first one's question is on its way to the old one then, and
// the second one, which waits for nothing else, must not go before it.
TEST_CASE("updates are evaluated anew in their old order") {
  RunningWorker router;
  router.ask("SET k 1");
  FakeShard& first = router.primary("k");
  FakeShard& second = router.secondary("k");
  const resp::Version found = second.records["k"].version;
  first.bases_final = second.bases_final = false;
  CHECK(router.ask("APPEND k a") == "(none)");
  first.bases_final = true;
  CHECK(router.ask("APPEND k b") == "(none)");
  first.stall();
  router.loop.advance(kPoll);  // The question of the first is on its way, and comes back later.
  second.epoch = 2;
  router.adopt(flipped(router.topology));
  router.loop.settle();
  first.epoch = 2;
  first.go_on();
  first.drop();
  router.loop.advance(kReconnect);
  CHECK(second.records["k"].value == "1ab");
  second.final_base = found;
  first.take_asked();
  router.loop.advance(kPoll);
  CHECK(first.take_asked() == Lines{"VSET S k 1a"});
  second.bases_final = true;
  router.loop.advance(kPoll);
  CHECK(router.replies() == Lines{":2", ":3"});
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("an update whose answer was lost is not done twice") {
  RunningWorker router;
  FakeShard& primary = router.primary("k");
  primary.answers = false;
  CHECK(router.ask("INCR k") == "(none)");
  CHECK(primary.records["k"].value == "1");
  SECTION("in the same epoch") {}
  SECTION("in a later one") {
    router.a.epoch = router.b.epoch = 2;
    router.adopt_next_epoch();
  }
  primary.answers = true;
  primary.drop();
  router.loop.advance(kReconnect / 2);
  CHECK(router.replies() == Lines{":1"});
  CHECK(router.a.records == router.b.records);
  CHECK(router.ask("INCR k") == ":2");
}

TEST_CASE("an update that its primary has not answered is evaluated by the new one") {
  RunningWorker router;
  router.ask("SET k 5");
  FakeShard& first = router.primary("k");
  FakeShard& second = router.secondary("k");
  first.answers = false;
  CHECK(router.ask("INCR k") == "(none)");
  first.answers = true;
  first.epoch = second.epoch = 2;
  first.drop();
  router.adopt(flipped(router.topology));
  router.loop.advance(kReconnect / 2);
  CHECK(router.replies() == Lines{":6"});
  CHECK(second.asked.back() == "VRMW k INCRBY 1");
  CHECK(first.asked.back() == "VSET S k 6");
  CHECK(router.a.records == router.b.records);
}

// The first primary had shared it with the second, since others waited for it, and then died.
TEST_CASE("an update of which only a dead server knew the reply is in doubt") {
  RunningWorker router;
  router.ask("SET k 5");
  FakeShard& first = router.primary("k");
  FakeShard& second = router.secondary("k");
  first.answers = false;
  CHECK(router.ask("INCR k") == "(none)");
  const resp::Version version = first.proposed.back();
  second.records["k"] = {version, "6"};
  std::string operation(resp::kWriteIdBytes, '\0');
  for (size_t i = 0; i < operation.size(); ++i)
    operation[i] = static_cast<char>(resp::write_id("k", version) >> (56 - 8 * i) & 0xFF);
  second.blind[operation] = version;
  first.leave();
  second.epoch = 2;
  router.adopt(flipped(router.topology));
  router.loop.advance(kReconnect / 2);
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], Catch::StartsWith("-UNKNOWN the data server that has done it") &&
                             Catch::Contains("may or may not"));
  CHECK(second.records["k"].value == "6");
  CHECK(second.abandoned > 0);  // So the data servers bring it to the first one, once that is back.
}

TEST_CASE("an effect of a primary that has lost its role is not spread: it is evaluated anew") {
  RunningWorker router;
  router.ask("SET k 5");
  FakeShard& first = router.primary("k");
  FakeShard& second = router.secondary("k");
  first.stall();
  CHECK(router.ask("INCR k") == "(none)");
  second.epoch = 2;
  second.records["k"] = {{2, 1, 999}, "70"};  // What the new primary has ordered meanwhile.
  router.adopt(flipped(router.topology));
  first.go_on();  // It has not heard of the new epoch: it answers.
  router.loop.settle();
  first.epoch = 2;
  router.loop.advance(kReconnect / 2);
  CHECK(router.replies() == Lines{":71"});
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("a write is not proposed again when others may have spread it: the client is told") {
  RunningWorker router;
  FakeShard& primary = router.primary("k");
  primary.answers = false;
  const std::string command = GENERATE("INCR k", "SET k 1");
  CHECK(router.ask(command) == "(none)");
  primary.leave();
  router.loop.advance(Millis{1900});
  primary.answers = true;
  primary.come_back();
  router.loop.advance(kReconnect);
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], Catch::StartsWith("-TIMEOUT data server"));
  CHECK(router.ask("GET k") == "\"1\"");
}

TEST_CASE("updates of many kinds reach the primary by the words of the dialect") {
  RunningWorker router;
  FakeShard& primary = router.primary("k");
  const auto asked = [&](const std::string& command) {
    primary.take_asked();
    router.ask(command);
    return primary.take_asked().front();
  };
  CHECK(asked("SET k v NX") == "VRMW k SETNX v");
  CHECK(asked("DECR k") == "VRMW k INCRBY -1");
  CHECK(asked("INCRBY k 7") == "VRMW k INCRBY 7");
  CHECK(asked("DECRBY k 7") == "VRMW k INCRBY -7");
  CHECK(asked("APPEND k x") == "VRMW k APPEND x");
  CHECK(asked("DEL k") == "VRMW k DEL ");
  CHECK(asked("SETNX k v") == "VRMW k SETNX v");
  CHECK(asked("SET k v XX") == "VRMW k SETXX v");
  CHECK(asked("SET k v GET") == "VRMW k GETSET v");
  CHECK(asked("SET k v GET NX") == "VRMW k GETSETNX v");
  CHECK(asked("SET k v xx get") == "VRMW k GETSETXX v");
  CHECK(asked("GETSET k v") == "VRMW k GETSET v");
  CHECK(asked("GETDEL k") == "VRMW k GETDEL ");
}

TEST_CASE("what is wrong with an update is told before anything is sent") {
  RunningWorker router;
  CHECK(router.ask("SET k v EX 10") == "-ERR syntax error");
  CHECK(router.ask("SET k v NX XX") == "-ERR syntax error");
  CHECK(router.ask("SET k v KEEPTTL") == "-ERR syntax error");
  CHECK(router.ask("INCRBY k x") == "-ERR value is not an integer or out of range");
  CHECK(router.ask("DECRBY k 1.5") == "-ERR value is not an integer or out of range");
  CHECK(router.ask("DECRBY k -9223372036854775808") == "-ERR decrement would overflow");
  CHECK(router.ask("INCR") == "-ERR wrong number of arguments for 'incr' command");
  CHECK(router.a.asked.empty());
  CHECK(router.b.asked.empty());
}

TEST_CASE("a router that hears that a server is there again does not wait to try it") {
  RunningWorker router;
  FakeShard& primary = router.primary("k");
  primary.leave();
  router.loop.advance(Millis{3000});  // The pauses between its attempts have grown.
  primary.come_back();
  primary.epoch = router.secondary("k").epoch = 2;
  router.adopt_next_epoch();
  CHECK(router.ask("SET k v") == "+OK");
}

}  // namespace
}  // namespace doris::router::test

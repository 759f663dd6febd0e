// How a write reaches both of its replicas, and when the client hears of it.
#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

resp::Version ahead_of(const RunningWorker& router) {
  return {1, static_cast<uint64_t>(router.clock.wall_ms() + 3'600'000) << 16, 999};
}

TEST_CASE("SET goes to both replicas at once, with one version, and names their roles") {
  RunningWorker router;
  for (const auto group : {topology::Group::kA, topology::Group::kB}) {
    const std::string key = router.key_in(group);
    CHECK(router.ask("SET " + key + " v") == "+OK");
    CHECK(router.primary(key).take_asked() == Lines{"VSET P " + key + " v"});
    CHECK(router.secondary(key).take_asked() == Lines{"VSET S " + key + " v"});
  }
  CHECK(router.a.proposed == router.b.proposed);
  CHECK(router.a.proposed[0] < router.a.proposed[1]);
  CHECK(router.a.proposed[0].epoch == 1);
  CHECK(router.a.proposed[0].writer == RunningWorker::kWriter);
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("SET is answered when both replicas have answered, and not before") {
  RunningWorker router;
  FakeShard& late = GENERATE(true, false) ? router.primary("k") : router.secondary("k");
  FakeShard& prompt = &late == &router.a ? router.b : router.a;
  late.stall();
  CHECK(router.ask("SET k v") == "(none)");
  CHECK(prompt.records.contains("k"));
  CHECK_FALSE(late.records.contains("k"));
  late.go_on();
  router.loop.settle();
  CHECK(router.replies() == Lines{"+OK"});
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("a raised version goes to the secondary, and only then is the client told OK") {
  RunningWorker router;
  const resp::Version high = ahead_of(router);
  router.primary("k").records["k"] = {high, "theirs"};
  FakeShard& secondary = router.secondary("k");
  secondary.stall();
  CHECK(router.ask("SET k mine") == "(none)");
  const resp::Version raised = router.primary("k").records["k"].version;
  CHECK(raised > high);
  CHECK((raised.writer & resp::Version::kRaisedBit) != 0);

  secondary.go_on();
  router.loop.settle();
  CHECK(router.replies() == Lines{"+OK"});
  CHECK(secondary.asked == Lines{"VSET S k mine", "VSET S k mine"});
  CHECK(secondary.proposed.back() == raised);
  CHECK(router.a.records == router.b.records);

  // The router has learned what time it is: the next write need not be raised.
  CHECK(router.ask("SET k again") == "+OK");
  CHECK((router.primary("k").records["k"].version.writer & resp::Version::kRaisedBit) == 0);
}

TEST_CASE("the later of two pipelined SETs of one key wins, also when the first was raised") {
  RunningWorker router;
  router.primary("k").records["k"] = {ahead_of(router), "theirs"};
  CHECK(router.ask(Lines{"SET k 1", "SET k 2"}) == Lines{"+OK", "+OK"});
  CHECK(router.primary("k").records["k"].value == "2");
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("a GET behind a SET in one pipeline sees it") {
  RunningWorker router;
  CHECK(router.ask(Lines{"SET k 1", "GET k", "DEL k", "GET k", "SET k 2", "GET k"}) ==
        Lines{"+OK", "\"1\"", ":1", "nil", "+OK", "\"2\""});
}

TEST_CASE("DEL leaves a tombstone of one version on both replicas, and counts what was there") {
  RunningWorker router;
  router.ask(Lines{"SET x 1", "SET y 2"});
  CHECK(router.ask("DEL x y z x") == ":2");
  CHECK(router.a.records == router.b.records);
  CHECK_FALSE(router.a.records["x"].value);
  CHECK(router.ask("EXISTS x y") == ":0");
}

TEST_CASE("DEL counts what the primary saw when its version was raised, too") {
  RunningWorker router;
  const resp::Version high = ahead_of(router);
  router.primary("k").records["k"] = {high, "v"};
  CHECK(router.ask("DEL k") == ":1");
  router.primary("k").records["k"] = {high.raised_for({1, 1, 1}).raised_for({1, 1, 1}), {}};
  CHECK(router.ask("DEL k") == ":0");
}

TEST_CASE("an error of either replica is the client's, and names the data server") {
  RunningWorker router;
  const bool first = GENERATE(true, false);
  (first ? router.a : router.b).disk_full = true;
  const std::string name = first ? "a1 (127.0.0.1:7001)" : "b1 (127.0.0.1:7011)";
  router.say({"SET k v"});
  router.loop.advance(Millis{3000});  // The second copy is tried for a while.
  CHECK(router.replies() ==
        Lines{"-DISKFULL no room [data server " + name + "]; it may or may not take effect"});
  CHECK(router.ask("GET nothing") == "nil");
  CHECK(router.stats.errors.get() == 1);
}

TEST_CASE("a primary whose disk is full makes everybody wait, in order, until there is room") {
  RunningWorker router;
  router.primary("k").disk_full = true;
  router.say({"SET k 1", "INCR k", "GET k", "SET k 5", "GET k"});
  router.loop.advance(Millis{200});
  CHECK(router.replies().empty());
  router.primary("k").disk_full = false;
  router.loop.advance(Millis{200});
  CHECK(router.replies() == Lines{"+OK", ":2", "\"2\"", "+OK", "\"5\""});
  CHECK(router.b.records["k"] == router.a.records["k"]);
}

TEST_CASE("a disk that has room again in the middle of a pipeline reorders nothing") {
  RunningWorker router;
  FakeShard& primary = router.primary("k");
  primary.disk_full = primary.has_room_then = true;
  router.say({"SET k 1", "SET k 2"});
  router.loop.advance(Millis{200});
  CHECK(router.replies() == Lines{"+OK", "+OK"});
  CHECK(primary.records["k"].value == "2");
}

TEST_CASE("where nobody fails it over, a full disk holds nobody up for long, and reads go on") {
  RunningWorker router;
  router.ask("SET k 1");
  router.a.disk_full = router.b.disk_full = true;
  router.say({"SET k 2"});
  router.loop.advance(Millis{3000});
  CHECK(router.replies().size() == 1);
  // From now on the refusal is the answer at once.
  const Lines replies = router.ask(Lines{"INCR k", "GET k"});
  REQUIRE(replies.size() == 2);
  CHECK_THAT(replies[0], Catch::StartsWith("-DISKFULL"));
  CHECK(replies[1] == "\"1\"");
  router.a.disk_full = router.b.disk_full = false;
  CHECK(router.ask("INCR k") == ":2");
}

TEST_CASE("a second copy that was refused is tried again, and the order stays") {
  RunningWorker router;
  router.ask("SET k 0");
  router.secondary("k").disk_full = true;
  const size_t links = router.secondary("k").links.size();
  router.say({"SET k 1", "SET k 2"});
  router.loop.advance(Millis{200});
  CHECK(router.replies().empty());
  CHECK(router.secondary("k").links.size() == links);  // Nothing but second copies was refused.
  router.secondary("k").disk_full = false;
  router.loop.advance(Millis{200});
  CHECK(router.replies() == Lines{"+OK", "+OK"});
  CHECK(router.a.records["k"].value == "2");
  CHECK(router.b.records["k"] == router.a.records["k"]);
}

TEST_CASE("an answer to a write that is none of the dialect's is an error") {
  RunningWorker router;
  router.primary("k").nonsense = "$5\r\nhello\r\n";
  CHECK(router.ask("SET k v") ==
        "-ERR a data server answered a write in an unknown form; it may or may not take effect");
}

TEST_CASE("MSET is OK when every key is on both replicas") {
  RunningWorker router;
  router.b.stall();
  CHECK(router.ask("MSET x 1 y 2 z 3") == "(none)");
  CHECK(router.a.records.size() == 3);
  router.b.go_on();
  router.loop.settle();
  CHECK(router.replies() == Lines{"+OK"});
  CHECK(router.a.records == router.b.records);
  CHECK(router.ask("MGET x y z") == "[\"1\" \"2\" \"3\"]");
}

}  // namespace
}  // namespace doris::router::test

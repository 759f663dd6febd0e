// What the error of a failed write says: whether somebody may have it all the same.
#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

using Catch::EndsWith;
using Catch::StartsWith;
using topology::NodeState;

constexpr Millis kTimeout{5100};
constexpr Millis kPatience{3000};  // More than a refused write is tried again.
constexpr const char* kDoubt = "; it may or may not take effect";

// The reply to `command` when all patience with it has ended.
std::string ask_in_vain(RunningWorker& router, const std::string& command,
                        Millis patience = kPatience) {
  router.say({command});
  router.loop.advance(patience);
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 1);
  return replies[0];
}

TEST_CASE("a write that one copy has and the other refused may take effect") {
  RunningWorker router;
  SECTION("an update, refused by the second") {
    router.secondary("k").disk_full = true;
    CHECK_THAT(ask_in_vain(router, "INCR k"), StartsWith("-DISKFULL") && EndsWith(kDoubt));
  }
  SECTION("a blind write, refused by the second") {
    router.secondary("k").disk_full = true;
    CHECK_THAT(ask_in_vain(router, "SET k v"), StartsWith("-DISKFULL") && EndsWith(kDoubt));
  }
  SECTION("a blind write, refused by the primary") {
    router.primary("k").disk_full = true;
    CHECK_THAT(ask_in_vain(router, "SET k v"), StartsWith("-DISKFULL") && EndsWith(kDoubt));
  }
}

TEST_CASE("a write that everybody asked has refused does not say that it may take effect") {
  RunningWorker router;
  router.a.disk_full = router.b.disk_full = true;
  const std::string command = GENERATE("INCR k", "SET k v");
  CHECK_THAT(ask_in_vain(router, command), StartsWith("-DISKFULL") && EndsWith("]"));
}

TEST_CASE("a write whose first answer was lost may have taken effect though it is refused then") {
  RunningWorker router;
  FakeShard& primary = router.primary("k");
  primary.answers = false;
  router.say({"INCR k"});
  primary.answers = true;
  primary.disk_full = true;
  primary.drop();
  router.loop.advance(kPatience);
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], StartsWith("-DISKFULL") && EndsWith(kDoubt));
}

TEST_CASE("of many keys one that is written is enough for doubt") {
  RunningWorker router;
  const std::string a = router.key_in(topology::Group::kA);
  const std::string b = router.key_in(topology::Group::kB);
  router.ask("SET " + b + " 1");
  router.a.disk_full = true;
  CHECK_THAT(ask_in_vain(router, "DEL " + a + " " + b),
             StartsWith("-DISKFULL") && EndsWith(kDoubt));
}

TEST_CASE("a write that never left does not say that it may take effect") {
  RunningWorker router;
  router.primary("k").leave();
  router.loop.settle();
  const std::string reply = ask_in_vain(router, "SET k v", kTimeout);
  CHECK_THAT(reply,
             StartsWith("-TIMEOUT data server") &&
                 EndsWith("could not be sent the write within 5000 ms (connection refused)"));
  CHECK_THAT(router.ask("DORIS.LASTWRITE"), StartsWith("[+outcome: failed: TIMEOUT"));
  CHECK(router.a.asked.size() + router.b.asked.size() == 0);
}

TEST_CASE("a write that was sent may take effect though both data servers have failed since") {
  RunningWorker router;
  router.a.stall();
  router.b.stall();
  router.say({"SET k v"});
  router.a.leave();
  router.b.leave();
  router.adopt_with("a1", NodeState::kTempFailed);
  router.adopt_with("b1", NodeState::kTempFailed);
  router.loop.advance(kTimeout);
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], StartsWith("-CLUSTERDOWN both data servers of vnode") && EndsWith(kDoubt));
}

TEST_CASE("a write of which only the second copy finds no place says so") {
  RunningWorker router;
  router.topology.degraded_writes = false;
  FakeShard& secondary = router.secondary("k");
  secondary.leave();
  router.say({"SET k v"});
  CHECK(router.primary("k").records.contains("k"));
  const std::string name = &secondary == &router.a ? "a1" : "b1";
  router.primary("k").epoch = 2;
  router.adopt_with(name, NodeState::kTempFailed);
  router.loop.advance(kTimeout);
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], StartsWith("-NOREPLICAS " + name +
                                    " has failed, no other server keeps its updates, and "
                                    "degraded-writes is no; waited ") &&
                             EndsWith(kDoubt));
}

}  // namespace
}  // namespace doris::router::test

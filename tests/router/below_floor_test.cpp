// A router's clock is so far behind that what it writes is older than reclaimed tombstones.
#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

// The primary knows it, and raises; the second copy has answered the first version before that.
struct Scene {
  Scene() { primary.floor = secondary.floor = floor; }

  RunningWorker router;
  FakeShard& primary = router.primary("k");
  FakeShard& secondary = router.secondary("k");
  const resp::Version floor{1, static_cast<uint64_t>(router.clock.wall_ms() + 3'600'000) << 16,
                            999};
};

TEST_CASE("a write below the floor of both copies is raised, done, and answered OK") {
  Scene scene;
  RunningWorker& router = scene.router;
  SECTION("the primary answers first") {
    scene.secondary.stall();
    CHECK(router.ask("SET k v") == "(none)");
    scene.secondary.go_on();
  }
  SECTION("the second copy answers first") {
    scene.primary.stall();
    CHECK(router.ask("SET k v") == "(none)");
    CHECK(scene.secondary.asked == Lines{"VSET S k v"});
    scene.primary.go_on();
  }
  router.loop.settle();
  CHECK(router.replies() == Lines{"+OK"});
  CHECK(scene.secondary.asked == Lines{"VSET S k v", "VSET S k v"});
  CHECK(router.a.records == router.b.records);
  CHECK(router.a.records["k"].value == "v");
  CHECK(router.ask("SET x 1") == "+OK");  // Its clock is right now.
  CHECK(scene.primary.abandoned + scene.secondary.abandoned == 0);
}

TEST_CASE("a write below the floor of the second copy alone is an error that says what is known") {
  Scene scene;
  RunningWorker& router = scene.router;
  scene.primary.floor = {};
  FakeShard& late = GENERATE(true, false) ? scene.primary : scene.secondary;
  late.stall();
  CHECK(router.ask("SET k v") == "(none)");
  late.go_on();
  router.loop.settle();
  const std::string name = &scene.secondary == &router.a ? "a1" : "b1";
  CHECK(router.replies() ==
        Lines{"-BELOWFLOOR the second copy at " + name +
              " counts the key as deleted in a higher version than the write has; it may or may "
              "not take effect"});
  router.ask("GET other");
  CHECK(scene.primary.settled == 0);
  CHECK(scene.primary.abandoned == 1);
}

TEST_CASE("a raised version that is below the second copy's floor, too, is an error") {
  Scene scene;
  ++scene.secondary.floor.epoch;
  CHECK_THAT(scene.router.ask("SET k v"), Catch::StartsWith("-BELOWFLOOR"));
}

TEST_CASE("a write that its primary refused and whose second copy is below the floor is nowhere") {
  Scene scene;
  RunningWorker& router = scene.router;
  scene.primary.disk_full = true;
  router.say({"SET k v"});
  router.loop.advance(Millis{3000});
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], Catch::StartsWith("-DISKFULL") && Catch::EndsWith("]"));
}

}  // namespace
}  // namespace doris::router::test

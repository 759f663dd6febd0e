#include "tests/sim/world.h"

#include <catch2/catch.hpp>
#include <string>

namespace doris::sim {
namespace {

TEST_CASE("events happen in the order of their times, then of their making") {
  World world(1);
  std::string told;
  world.after(Micros{20}, [&] { told += 'c'; });
  world.after(Micros{10}, [&] {
    told += 'a';
    world.after(Micros{0}, [&] { told += 'b'; });
  });
  world.after(Micros{20}, [&] { told += 'd'; });
  world.run_for(Micros{20});
  CHECK(told == "abcd");
  CHECK(world.elapsed() == Micros{20});
}

TEST_CASE("the world stops as soon as what it runs for has come true") {
  World world(1);
  bool done = false;
  world.after(Micros{10}, [&] { done = true; });
  CHECK(world.run_until([&] { return done; }, Micros{100}));
  CHECK(world.elapsed() == Micros{10});
  CHECK_FALSE(world.run_until([] { return false; }, Micros{100}));
  CHECK(world.elapsed() == Micros{110});
}

TEST_CASE("the trace tells what happened, when, and in which order") {
  const auto story = [](std::string_view first, std::string_view second, Micros pause) {
    World world(1);
    world.note(first, 1);
    world.run_for(pause);
    world.note(second, 2);
    return world.trace();
  };
  const uint64_t trace = story("a", "b", Micros{5});
  CHECK(story("a", "b", Micros{5}) == trace);
  CHECK(story("b", "a", Micros{5}) != trace);
  CHECK(story("a", "b", Micros{6}) != trace);
}

}  // namespace
}  // namespace doris::sim

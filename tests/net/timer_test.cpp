// Loop's timers and clock.
#include <catch2/catch.hpp>

#include "base/net/loop.h"
#include "base/net/uv_loop.h"

namespace doris::net {
namespace {

// A loop on the test's own thread that ends after kPatience at the latest.
struct Fixture {
  static constexpr Millis kPatience{20'000};

  Fixture() { guard->start(kPatience); }

  void run_until_stopped() {
    loop->run();
    CHECK_FALSE(out_of_patience);
  }

  bool out_of_patience = false;
  std::unique_ptr<Loop> loop = make_uv_loop();
  std::unique_ptr<Timer> guard = loop->timer([this] {
    out_of_patience = true;
    loop->stop();
  });
};

TEST_CASE_METHOD(Fixture, "A one-shot timer fires once, and not before its time") {
  // The kernel's coarse clock, which libuv uses where it is good to a millisecond, may lag.
  constexpr Millis kClockLag{1};
  int fired = 0;
  TimePoint fired_at;
  const auto timer = loop->timer([&] {
    ++fired;
    fired_at = loop->now();
  });
  const auto end = loop->timer([&] { loop->stop(); });
  const TimePoint started_at = loop->now();
  timer->start(Millis{20});
  end->start(Millis{100});
  run_until_stopped();
  CHECK(fired == 1);
  CHECK(fired_at - started_at >= Millis{20} - kClockLag);
}

TEST_CASE_METHOD(Fixture, "A repeating timer goes on until it is stopped, also by itself") {
  int fired = 0;
  std::unique_ptr<Timer> timer;
  const auto end = loop->timer([&] { loop->stop(); });
  timer = loop->timer([&] {
    if (++fired < 3) return;
    timer->stop();
    end->start(Millis{20});
  });
  timer->start(Millis{0}, Millis{2});
  run_until_stopped();
  CHECK(fired == 3);
}

TEST_CASE_METHOD(Fixture, "A one-shot timer can be started again by its own callback") {
  int fired = 0;
  std::unique_ptr<Timer> timer;
  timer = loop->timer([&] {
    if (++fired == 3) return loop->stop();
    timer->start(Millis{1});
  });
  timer->start(Millis{1});
  run_until_stopped();
  CHECK(fired == 3);
}

TEST_CASE_METHOD(Fixture, "A start replaces the one before") {
  int fired = 0;
  const auto timer = loop->timer([&] { ++fired; });
  const auto end = loop->timer([&] { loop->stop(); });
  timer->start(Millis{1}, Millis{1});
  timer->start(Millis{10'000});
  end->start(Millis{30});
  run_until_stopped();
  CHECK(fired == 0);
}

TEST_CASE_METHOD(Fixture, "A stopped or destroyed timer does not fire") {
  int fired = 0;
  const auto stopped = loop->timer([&] { ++fired; });
  auto destroyed = loop->timer([&] { ++fired; });
  const auto end = loop->timer([&] { loop->stop(); });
  stopped->start(Millis{1});
  destroyed->start(Millis{1});
  stopped->stop();
  destroyed.reset();
  end->start(Millis{20});
  run_until_stopped();
  CHECK(fired == 0);
}

TEST_CASE_METHOD(Fixture, "A timer may be destroyed by its own callback") {
  const auto alive = std::make_shared<int>(0);
  std::unique_ptr<Timer> timer;
  timer = loop->timer([&, alive] {
    timer.reset();
    ++*alive;  // Its captures outlive the call.
    loop->stop();
  });
  timer->start(Millis{1}, Millis{1});
  run_until_stopped();
  CHECK(*alive == 1);
}

TEST_CASE_METHOD(Fixture, "Time stands still within a pass and goes on between passes") {
  TimePoint first, same, later;
  const auto wait_for_a_change = [] {
    const auto before = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() == before) {
    }
  };
  loop->post([&] {
    first = loop->now();
    wait_for_a_change();
    same = loop->now();
    loop->post([&] {
      later = loop->now();
      loop->stop();
    });
  });
  run_until_stopped();
  CHECK(first == same);
  CHECK(first < later);
}

}  // namespace
}  // namespace doris::net

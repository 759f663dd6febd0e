// World: simulated time, and the seed that everything simulated draws from.
//
//   World world(seed);
//   world.after(Micros{300}, [] { ... });      // An event.
//   world.run_until([&] { return done; }, Millis{5000});
//
// Events happen one after the other, ordered by their time and, at the same time, in the order
// in which they were made. Nothing else moves time, and nothing in the simulation asks the
// machine for time or randomness, so that one seed always tells the same story: trace() sums
// it up. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"

namespace doris::sim {

using Micros = std::chrono::microseconds;

class World {
 public:
  using Event = std::function<void()>;

  explicit World(uint64_t seed) : seed_(seed), random_(seed) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] uint64_t seed() const { return seed_; }
  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] Micros elapsed() const;  // Since the world began.

  // ---- Chance ----

  [[nodiscard]] Random& random() { return random_; }
  [[nodiscard]] bool chance(uint64_t percent) { return random_.below(100) < percent; }
  [[nodiscard]] Micros between(Micros least, Micros most);  // Both may be drawn.

  // ---- Events ----

  // A time that has passed stands for now. An event may make others.
  void at(TimePoint when, Event event);
  void after(Micros delay, Event event) { at(now_ + delay, std::move(event)); }

  // Runs events until `holds`, or until `limit` has passed: then false. run_for() aborts when
  // the simulated time does not get on.
  bool run_until(const std::function<bool()>& holds, Micros limit);
  void run_for(Micros time);

  // ---- What happened ----

  // Adds an occurrence, and the time, to the trace.
  void note(std::string_view what, uint64_t number);
  [[nodiscard]] uint64_t trace() const { return trace_; }
  [[nodiscard]] uint64_t events() const { return next_event_; }

 private:
  struct Planned {
    TimePoint when;
    uint64_t number;  // In the order in which they were made.
    Event event;
  };
  static bool is_later(const Planned& one, const Planned& other) {
    return std::pair(one.when, one.number) > std::pair(other.when, other.number);
  }

  // Runs the next event, if it is due by `until`.
  bool step(TimePoint until);

  const uint64_t seed_;
  Random random_;
  TimePoint now_ = kBeginning;
  std::vector<Planned> queue_;  // A heap: the next is in front.
  uint64_t next_event_ = 0;
  uint64_t trace_ = 0;

  static constexpr TimePoint kBeginning{std::chrono::hours(1000)};
};

}  // namespace doris::sim

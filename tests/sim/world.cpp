#include "tests/sim/world.h"

#include <algorithm>

#include "base/check.h"

namespace doris::sim {

Micros World::elapsed() const {
  return std::chrono::duration_cast<Micros>(now_ - kBeginning);
}

Micros World::between(Micros least, Micros most) {
  const auto span = static_cast<uint64_t>((most - least).count()) + 1;
  return least + Micros{static_cast<int64_t>(random_.below(span))};
}

void World::at(TimePoint when, Event event) {
  queue_.emplace(std::pair(std::max(when, now_), next_event_++), std::move(event));
}

bool World::step(TimePoint until) {
  if (queue_.empty() || queue_.begin()->first.first > until) return false;
  auto next = queue_.extract(queue_.begin());
  now_ = next.key().first;
  next.mapped()();
  return true;
}

bool World::run_until(const std::function<bool()>& holds, Micros limit) {
  constexpr uint64_t kEventsMax = 50'000'000;
  const TimePoint until = now_ + limit;
  const uint64_t events = next_event_;
  while (!holds()) {
    DORIS_CHECK(next_event_ - events < kEventsMax, "the simulated time gets on");
    if (step(until)) continue;
    now_ = until;
    return holds();
  }
  return true;
}

void World::run_for(Micros time) {
  run_until([] { return false; }, time);
}

void World::note(std::string_view what, uint64_t number) {
  const auto mix = [this](uint64_t value) {
    trace_ = Random(trace_ ^ value).next();  // One step of SplitMix64: a good mixer.
  };
  for (const char letter : what)
    mix(static_cast<unsigned char>(letter));
  mix(number);
  mix(static_cast<uint64_t>(elapsed().count()));
}

}  // namespace doris::sim

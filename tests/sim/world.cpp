#include "tests/sim/world.h"

#include <algorithm>
#include <cstring>

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
  queue_.push_back({std::max(when, now_), next_event_++, std::move(event)});
  std::push_heap(queue_.begin(), queue_.end(), is_later);
}

bool World::step(TimePoint until) {
  if (queue_.empty() || queue_.front().when > until) return false;
  std::pop_heap(queue_.begin(), queue_.end(), is_later);
  const Planned next = std::move(queue_.back());
  queue_.pop_back();
  now_ = next.when;
  next.event();
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
  mix(what.size());
  while (!what.empty()) {  // Eight bytes at a time: all that is ever sent passes through here.
    uint64_t word = 0;
    const size_t count = std::min(what.size(), sizeof(word));
    std::memcpy(&word, what.data(), count);
    mix(word);
    what.remove_prefix(count);
  }
  mix(number);
  mix(static_cast<uint64_t>(elapsed().count()));
}

}  // namespace doris::sim

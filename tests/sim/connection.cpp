#include "tests/sim/connection.h"

#include <algorithm>

#include "tests/sim/network.h"

namespace doris::sim {
namespace {

constexpr uint64_t kCutPercent = 10;  // Of what is sent is cut in two on the way.

// So long after the last late bytes comes the end of their connection.
constexpr Micros kLateEnd{1'000};

}  // namespace

void Connection::send(Side from, std::string_view bytes) {
  if (!ends_[from].open) return;
  World& world = network_.world();
  while (bytes.size() > 1 && world.chance(kCutPercent)) {
    const size_t front = 1 + world.random().below(bytes.size() - 1);
    push(other(from), Segment::Kind::kBytes, bytes.substr(0, front));
    bytes.remove_prefix(front);
  }
  if (!bytes.empty()) push(other(from), Segment::Kind::kBytes, bytes);
}

void Connection::close(Side from, Ending ending) {
  End& end = ends_[from];
  if (!end.open) return;
  // A kernel that holds bytes which its program will never read says so.
  const bool unread = !end.received.empty();
  end.open = false;
  end.wake = nullptr;
  end.received.clear();
  if (ending == Ending::kFinish) {
    push(other(from), unread ? Segment::Kind::kReset : Segment::Kind::kFinish);
  } else if (ending == Ending::kReset) {
    push(other(from), Segment::Kind::kReset);
  }
  if (is_over()) network_.forget(*this);
}

void Connection::sever() {
  push(kCaller, Segment::Kind::kReset);
  push(kCallee, Segment::Kind::kReset);
}

void Connection::sever_late(Micros hold, Micros late) {
  if (late_ > Micros{0}) return;
  late_ = late;
  for (Segment& segment : coming_[kCallee]) {
    segment.arrives += late;
    deliver_later(kCallee, segment.arrives);
  }
  network_.world().after(hold, [held = weak_from_this()] {
    if (const auto connection = held.lock()) connection->push(kCaller, Segment::Kind::kReset);
  });
}

void Connection::push(Side to, Segment::Kind kind, std::string_view bytes) {
  const TimePoint last = coming_[to].empty() ? TimePoint{} : coming_[to].back().arrives;
  TimePoint arrives = std::max(last, network_.world().now() + network_.latency());
  if (to == kCallee && late_ > Micros{0}) {
    arrives = std::max(arrives, network_.world().now() + late_);
    // What came before it can be read.
    if (kind != Segment::Kind::kBytes) arrives += kLateEnd;
  }
  coming_[to].push_back({kind, arrives, std::string(bytes)});
  deliver_later(to, arrives);
}

void Connection::deliver_later(Side to, TimePoint when) {
  network_.world().at(when, [held = weak_from_this(), to] {
    if (const auto connection = held.lock()) connection->deliver(to);
  });
}

bool Connection::holds(Side to) const {
  return !coming_[to].empty() && coming_[to].front().arrives < network_.world().now();
}

void Connection::deliver_held() {
  for (const Side to : {kCaller, kCallee}) {
    if (holds(to)) deliver_later(to, network_.world().now() + network_.latency());
  }
}

void Connection::deliver(Side to) {
  std::deque<Segment>& coming = coming_[to];
  if (!network_.reaches(ends_[other(to)].machine, ends_[to].machine)) return;
  while (!coming.empty() && coming.front().arrives <= network_.world().now()) {
    Segment segment = std::move(coming.front());
    coming.pop_front();
    take(to, std::move(segment));
  }
}

void Connection::take(Side to, Segment segment) {
  End& end = ends_[to];
  network_.world().note("segment", id_ * 2 + to);
  network_.world().note(segment.bytes, static_cast<uint64_t>(segment.kind));
  if (!end.open) {
    // Whoever sends to an end that has gone is told.
    if (segment.kind == Segment::Kind::kBytes && ends_[other(to)].open) {
      push(other(to), Segment::Kind::kReset);
    }
    return;
  }
  if (end.reset) return;  // What comes behind would miss what was lost.
  end.received += segment.bytes;
  end.finished |= segment.kind == Segment::Kind::kFinish;
  if (segment.kind == Segment::Kind::kReset) {
    end.reset = true;
    end.received.clear();
  }
  if (end.wake) end.wake();
}

}  // namespace doris::sim

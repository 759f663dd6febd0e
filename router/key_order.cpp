#include "router/key_order.h"

#include <utility>

#include "base/check.h"

namespace doris::router {
namespace {

std::string_view key_of(const Part& part) {
  return part.request->key(part);
}

bool waits_whole(const Part& part) {
  return part.held && part.held_whole;
}

// Whether `first`, which is in line, could find what `second` writes if it was asked again.
bool may_find(const Part& first, const Part& second) {
  if (!is_write(second.request->verb)) return false;
  if (first.update == nullptr || second.update == nullptr) return true;
  return first.update->kind != second.update->kind;
}

// Whether `first`, which is in line before `second`, holds it back.
bool is_before(const Part& first, const Part& second, KeyOrder::Step step) {
  const bool same_client = first.request->owner == second.request->owner;
  const bool before = step == KeyOrder::Step::kAsk
                          ? same_client && (waits_whole(first) || may_find(first, second))
                          : first.update != nullptr && !waits_whole(first);
  return before && key_of(first) == key_of(second);
}

}  // namespace

void KeyOrder::join(Part& part) {
  if (part.in_line) return;
  Line& line = lines_[part.vnode];
  Part* ahead = line.last;
  while (ahead != nullptr && ahead->request->sequence > part.request->sequence)
    ahead = ahead->ahead;
  part.in_line = true;
  part.ahead = ahead;
  part.behind = ahead != nullptr ? ahead->behind : line.first;
  (ahead != nullptr ? ahead->behind : line.first) = &part;
  (part.behind != nullptr ? part.behind->ahead : line.last) = &part;
}

void KeyOrder::remove(Part& part) {
  Line& line = lines_[part.vnode];
  (part.ahead != nullptr ? part.ahead->behind : line.first) = part.behind;
  (part.behind != nullptr ? part.behind->ahead : line.last) = part.ahead;
  part.ahead = part.behind = nullptr;
  part.in_line = false;
}

bool KeyOrder::holds_back(const Part& part, Step step) const {
  const uint64_t sequence = part.request->sequence;
  for (const Part* each = lines_[part.vnode].first; each != nullptr && each != &part;
       each = each->behind) {
    if (each->request->sequence > sequence) return false;
    if (is_before(*each, part, step)) return true;
  }
  return false;
}

void KeyOrder::hold(Part& part, Step step, const Entry& entry) {
  DORIS_CHECK(!part.held, "a part waits once");
  join(part);
  part.held = entry;
  part.held_whole = step == Step::kAsk;
  ++lines_[part.vnode].held;
}

std::optional<Entry> KeyOrder::take_held(Part& part) {
  if (part.held) --lines_[part.vnode].held;
  return std::exchange(part.held, std::nullopt);
}

// Reads and updates that are begun stay in line.
Entry KeyOrder::release(Part& part) {
  const Entry entry = *take_held(part);
  const bool blind = is_write(part.request->verb) && part.update == nullptr;
  if (blind || !part.held_whole) remove(part);
  return entry;
}

std::vector<Entry> KeyOrder::leave(Part& part) {
  std::vector<Entry> free;
  if (!part.in_line) return free;
  DORIS_CHECK(!part.held, "who waits holds others back");
  Line& line = lines_[part.vnode];
  Part* each = part.behind;
  remove(part);
  while (each != nullptr && line.held > 0) {
    Part& next = *std::exchange(each, each->behind);
    if (!next.held || key_of(next) != key_of(part)) continue;
    if (holds_back(next, next.held_whole ? Step::kAsk : Step::kSpread)) continue;
    free.push_back(release(next));
  }
  return free;
}

std::vector<Entry> KeyOrder::take_held() {
  std::vector<Entry> entries;
  for (Line& line : lines_) {
    for (Part* each = line.first; line.held > 0;) {
      Part& part = *std::exchange(each, each->behind);
      if (!part.held) continue;
      entries.push_back(release(part));
    }
  }
  return entries;
}

}  // namespace doris::router

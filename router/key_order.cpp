#include "router/key_order.h"

#include <algorithm>
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

bool was_sent(const Part& part) {
  return part.version.epoch != 0;
}

// An update of the key whose turn has come, and whose effect is not spread.
bool is_effect_of(const Part& part, std::string_view key) {
  return part.update != nullptr && was_sent(part) && !waits_whole(part) && key_of(part) == key;
}

bool is_same(const Part& a, const Part& b) {
  return a.request->client == b.request->client && key_of(a) == key_of(b);
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

// It was passed by others if it has waited, or was proposed anew.
void KeyOrder::take_turn(Part& part, uint64_t turn) {
  part.turn = turn;
  const Part* behind = part.behind;
  while (behind != nullptr && !was_sent(*behind))
    behind = behind->behind;
  part.was_passed = behind != nullptr;
}

bool KeyOrder::holds_back(const Part& part, Step step) const {
  if (step == Step::kAsk) return may_not_be_asked(part);
  if (step == Step::kSpread) return may_not_be_spread(part);
  return last_before(part) != nullptr;
}

// The last one in line before `part`, of the same client and key.
const Part* KeyOrder::last_before(const Part& part) const {
  if (!part.request->follows) return nullptr;
  const Part* each = part.in_line ? part.ahead : lines_[part.vnode].last;
  while (each != nullptr &&
         (each->request->sequence > part.request->sequence || !is_same(*each, part)))
    each = each->ahead;
  return each;
}

bool KeyOrder::may_not_be_asked(const Part& part) const {
  const bool reads = !is_write(part.request->verb);
  if (reads && lines_[part.vnode].to_be_asked == 0) return false;
  const Part* const before = last_before(part);
  return before != nullptr && (waits_whole(*before) || may_find(*before, part));
}

// Those behind it have had their turns after it, unless it was passed.
bool KeyOrder::may_not_be_spread(const Part& part) const {
  const std::string_view key = key_of(part);
  for (const Part* each = lines_[part.vnode].first; each != nullptr; each = each->behind) {
    if (each == &part && !part.was_passed) return false;
    if (is_effect_of(*each, key) && each->turn < part.turn) return true;
  }
  return false;
}

size_t& KeyOrder::held_with(const Part& part) {
  Line& line = lines_[part.vnode];
  return part.held_whole ? line.to_be_asked : line.to_be_spread;
}

void KeyOrder::hold(Part& part, Step step, const Entry& entry) {
  DORIS_CHECK(!part.held, "a part waits once");
  join(part);
  part.held = entry;
  part.held_whole = step == Step::kAsk;
  ++held_with(part);
  ++held_;
  held_bytes_ += bytes_of(entry);
}

std::optional<Entry> KeyOrder::take_held(Part& part) {
  if (!part.held) return std::nullopt;
  --held_with(part);
  --held_;
  held_bytes_ -= bytes_of(*part.held);
  return std::exchange(part.held, std::nullopt);
}

// Reads and updates stay in line.
Entry KeyOrder::release(Part& part) {
  const Entry entry = *take_held(part);
  if (is_write(part.request->verb) && part.update == nullptr) remove(part);
  return entry;
}

std::vector<Entry> KeyOrder::leave(Part& part) {
  std::vector<Entry> free;
  if (!part.in_line) return free;
  DORIS_CHECK(!part.held, "who waits holds others back");
  const Line& line = lines_[part.vnode];
  if (part.asked_again) outdate_next(part);
  remove(part);
  if (line.to_be_spread > 0 && part.update != nullptr) free_effects(part, free);
  const size_t effects = free.size();
  if (line.to_be_asked > 0) free_followers(part, free);
  for (size_t i = 0; i < effects && line.to_be_asked > 0; ++i)
    free_followers(free[i].request->parts[free[i].part], free);
  return free;
}

// Of those behind that one it will say the same, in its turn.
void KeyOrder::outdate_next(const Part& left) {
  Part* next = left.behind;
  while (next != nullptr && !is_same(*next, left))
    next = next->behind;
  if (next != nullptr) next->outdated_by = left.asked_as;
}

// The effects of the key that wait for nobody any more, which leave the line, too.
void KeyOrder::free_effects(const Part& left, std::vector<Entry>& free) {
  const std::string_view key = key_of(left);
  std::vector<Part*> effects;
  for (Part* each = lines_[left.vnode].first; each != nullptr; each = each->behind) {
    if (is_effect_of(*each, key)) effects.push_back(each);
  }
  std::ranges::sort(effects, {}, &Part::turn);
  for (Part* const each : effects) {
    if (!each->held) return;
    free.push_back(*take_held(*each));
    remove(*each);
  }
}

// What the client of `left` has in line and may begin now. Whoever is begun already decides about
// those behind it itself.
void KeyOrder::free_followers(const Part& left, std::vector<Entry>& free) {
  for (Part* each = lines_[left.vnode].first; each != nullptr;) {
    Part& next = *std::exchange(each, each->behind);
    if (!is_same(next, left)) continue;
    if (!waits_whole(next) || may_not_be_asked(next)) return;
    free.push_back(release(next));
  }
}

std::vector<Entry> KeyOrder::take_held() {
  std::vector<Entry> entries;
  for (Line& line : lines_) {
    for (Part* each = line.first; line.to_be_asked + line.to_be_spread > 0;) {
      Part& part = *std::exchange(each, each->behind);
      if (!part.held) continue;
      entries.push_back(release(part));
    }
  }
  return entries;
}

}  // namespace doris::router

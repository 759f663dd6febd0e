// The search of Wing and Gong (1993) with Lowe's memory (2017), as Porcupine does it.
//
// Invocations and replies stand in a list in the order of their times. From its front on, any
// operation whose invocation comes before the first reply could be the next to take effect. One
// that fits the state is taken out and the search goes on from the front; at a reply whose
// operation is still in, no order is left that begins as this one does, and the last operation
// taken is put back. A set of operations that has been taken out before, with the same state
// after it, is not tried again. Nor is an operation that was pipelined before the one before it.
//
// An operation without a reply fits always and has its reply behind all others: to take effect
// then is as good as not at all.
#include "tests/checker/linearizability.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <unordered_set>

#include "tests/checker/key_model.h"

namespace doris::checker {
namespace {

// An entry of the list: an invocation, or the reply to one.
struct Entry {
  Micros time;
  size_t operation;
  bool is_reply;
  size_t reply = 0;  // Of an invocation: the entry of its reply.
  size_t next = 0;
  size_t previous = 0;
};

class Search {
 public:
  explicit Search(const History& history) {
    for (const Operation& operation : history)
      if (operation.returned || is_write(operation.command)) operations_.push_back(operation);
    taken_.assign(operations_.size(), '0');
    find_leaders();
    make_list();
  }

  Verdict run(uint64_t steps_max) {
    size_t at = first();
    for (uint64_t steps = 0; first() != kEnd; ++steps) {
      if (steps > steps_max) return Verdict::kUndecided;
      if (!list_[at].is_reply) {
        at = try_to_take(at) ? first() : list_[at].next;
      } else if (path_.empty()) {
        return Verdict::kViolation;
      } else {
        at = list_[put_back()].next;
      }
    }
    return Verdict::kLinearizable;
  }

 private:
  static constexpr size_t kEnd = 0;  // The list is a ring through this entry.

  struct Step {
    size_t invocation;
    KeyState before;
  };

  // What an operation that was pipelined comes behind: the last of its client that has a reply.
  // What became of one without is not known.
  void find_leaders() {
    std::map<uint32_t, size_t> last;  // By client.
    leaders_.assign(operations_.size(), kNone);
    for (size_t i = 0; i < operations_.size(); ++i) {
      const Operation& operation = operations_[i];
      const auto found = last.find(operation.client);
      if (operation.pipelined && found != last.end()) leaders_[i] = found->second;
      if (operation.returned) last[operation.client] = i;
    }
  }

  void make_list() {
    list_.push_back({Micros::max(), 0, true});
    for (size_t i = 0; i < operations_.size(); ++i) {
      list_.push_back({operations_[i].invoked, i, false});
      list_.push_back({operations_[i].returned.value_or(Micros::max()), i, true});
    }
    // What begins at the very time at which another ends is taken to be concurrent.
    std::stable_sort(list_.begin() + 1, list_.end(), [](const Entry& a, const Entry& b) {
      return std::pair(a.time, a.is_reply) < std::pair(b.time, b.is_reply);
    });
    std::vector<size_t> invocation(operations_.size());
    for (size_t i = 1; i < list_.size(); ++i) {
      if (list_[i].is_reply) list_[invocation[list_[i].operation]].reply = i;
      if (!list_[i].is_reply) invocation[list_[i].operation] = i;
    }
    for (size_t i = 0; i < list_.size(); ++i) {
      list_[i].next = (i + 1) % list_.size();
      list_[list_[i].next].previous = i;
    }
  }

  [[nodiscard]] size_t first() const { return list_[kEnd].next; }

  bool try_to_take(size_t invocation) {
    const size_t index = list_[invocation].operation;
    const Operation& operation = operations_[index];
    if (leaders_[index] != kNone && taken_[leaders_[index]] == '0') return false;
    Outcome outcome = outcome_of(state_, operation.command);
    if (operation.returned && outcome.reply != operation.reply) return false;
    taken_[index] = '1';
    if (!seen_.insert(taken_ + (outcome.state ? "=" + *outcome.state : "")).second) {
      taken_[index] = '0';
      return false;
    }
    path_.push_back({invocation, std::exchange(state_, std::move(outcome.state))});
    take_out(invocation);
    take_out(list_[invocation].reply);
    return true;
  }

  // The operation taken last; returns its invocation.
  size_t put_back() {
    Step last = std::move(path_.back());
    path_.pop_back();
    state_ = std::move(last.before);
    taken_[list_[last.invocation].operation] = '0';
    put_in(list_[last.invocation].reply);
    put_in(last.invocation);
    return last.invocation;
  }

  // An entry that was taken out remembers its neighbours, and goes back last out, first in.
  void take_out(size_t entry) {
    list_[list_[entry].previous].next = list_[entry].next;
    list_[list_[entry].next].previous = list_[entry].previous;
  }
  void put_in(size_t entry) {
    list_[list_[entry].previous].next = entry;
    list_[list_[entry].next].previous = entry;
  }

  static constexpr size_t kNone = SIZE_MAX;

  History operations_;           // Those that tell something.
  std::vector<size_t> leaders_;  // For each the one that it comes behind, or kNone.
  std::vector<Entry> list_;
  std::vector<Step> path_;
  KeyState state_;
  std::string taken_;  // '1' for the operations on the path.
  std::unordered_set<std::string> seen_;
};

// What was known of it at `end`.
History until(const History& history, Micros end) {
  History known;
  for (const Operation& operation : history) {
    if (operation.invoked > end) continue;
    known.push_back(operation);
    if (operation.returned && *operation.returned > end) known.back().returned.reset();
  }
  return known;
}

}  // namespace

Verdict check_linearizable(const History& history, uint64_t steps_max) {
  return Search(history).run(steps_max);
}

History shortest_violation(const History& history) {
  std::vector<Micros> ends;
  for (const Operation& operation : history)
    if (operation.returned) ends.push_back(*operation.returned);
  std::sort(ends.begin(), ends.end());
  // What has no explanation gets none by going on.
  const auto found = std::partition_point(ends.begin(), ends.end(), [&](Micros end) {
    return check_linearizable(until(history, end)) != Verdict::kViolation;
  });
  return found == ends.end() ? History() : until(history, *found);
}

std::string fault_in(const std::string& key, const History& history) {
  switch (check_linearizable(history)) {
    case Verdict::kLinearizable:
      return "";
    case Verdict::kUndecided:
      return key + ": too hard to judge\n";
    case Verdict::kViolation:
      return fmt::format("what clients were told of {} cannot be:\n{}\n", key,
                         describe(shortest_violation(history)));
  }
  return "";
}

std::string fault_in(const Histories& histories) {
  std::string faults;
  for (const auto& [key, history] : histories)
    faults += fault_in(key, history);
  return faults;
}

}  // namespace doris::checker

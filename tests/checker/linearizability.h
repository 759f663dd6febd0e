// Linearizability: whether the operations on one key could have taken effect one after the
// other, each at a moment between its invocation and its reply, with the replies that were
// given (Herlihy and Wing 1990). Being so for each key is being so for all (locality).
#pragma once

#include <cstdint>
#include <string>

#include "tests/checker/history.h"

namespace doris::checker {

enum class Verdict : uint8_t {
  kLinearizable,
  kViolation,  // No order explains the replies.
  kUndecided,  // The search has grown past its bound.
};

// `history` is one key's, which was absent at the beginning.
[[nodiscard]] Verdict check_linearizable(const History& history, uint64_t steps_max = 20'000'000);

// The shortest beginning of `history` that has no explanation; its last reply is the one that
// cannot be. Empty if all can be.
[[nodiscard]] History shortest_violation(const History& history);

// What is wrong with one key's history, or with those of all keys, in words; "" if nothing is.
[[nodiscard]] std::string fault_in(const std::string& key, const History& history);
[[nodiscard]] std::string fault_in(const Histories& histories);

}  // namespace doris::checker

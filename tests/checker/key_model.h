// KeyModel: what Redis makes of a command on one key. Pure.
#pragma once

#include <optional>
#include <string>

#include "resp/value.h"
#include "tests/checker/history.h"

namespace doris::checker {

using KeyState = std::optional<std::string>;  // The value; nothing if there is no key.

struct Outcome {
  KeyState state;
  std::string reply;
};

// What `command` does to a key in `state`, and answers.
// REQUIRES: one of GET, SET [NX|XX], DEL, EXISTS, INCR, APPEND, SETNX, GETSET, GETDEL, on one key.
[[nodiscard]] Outcome outcome_of(const KeyState& state, const Words& command);

// Whether it can change the key.
[[nodiscard]] bool is_write(const Words& command);

// A reply as one line: "+OK", ":1", "$value", "nil", "-ERR ...".
[[nodiscard]] std::string text_of(const resp::Value& reply);

}  // namespace doris::checker

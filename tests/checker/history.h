// History: what clients asked of one key and what they were told, with the times.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace doris::checker {

using Micros = std::chrono::microseconds;
using Words = std::vector<std::string>;

struct Operation {
  uint32_t client = 0;
  Words command;     // Its key is the second word.
  Micros invoked{};  // Since some beginning, the same for all.

  // When the reply came. An operation without one may have taken effect at any time since, or
  // not at all.
  std::optional<Micros> returned{};
  std::string reply{};  // As key_model.h writes it; or why there is none.

  // Asked before the client's operation before it had a reply, and to take effect after that one.
  bool pipelined = false;
};

using History = std::vector<Operation>;
using Histories = std::map<std::string, History>;  // By key.

// "12.345 .. 13.001 ms  client 3  SET k 17  -> +OK", one line each, in the order invoked: the
// last `lines_max` of them.
[[nodiscard]] std::string describe(History history, size_t lines_max = 40);

}  // namespace doris::checker

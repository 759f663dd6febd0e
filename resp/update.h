// Updates: writes that depend on what they find. The primary replica evaluates one, and what is
// kept and sent to the other copy is its effect (PROTOCOL.md, "Updates").
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace doris::resp {

enum class Update : uint8_t {
  kSet,              // Stores its argument. A SET that is proposed again is one.
  kSetIfAbsent,      // SET NX
  kSetIfPresent,     // SET XX
  kGetSet,           // SET GET: answers with what was there.
  kGetSetIfAbsent,   // SET NX GET
  kGetSetIfPresent,  // SET XX GET
  kIncrement,        // Adds its argument, a number.
  kAppend,           // Appends its argument.
  kDelete,           // Answers 1 if something was there, else 0.
  kGetDelete,        // Answers with what was there.
};

// The words that they have on the wire.
inline constexpr std::array<std::string_view, 10> kUpdateNames{
    "SET", "SETNX", "SETXX", "GETSET", "GETSETNX", "GETSETXX", "INCRBY", "APPEND", "DEL", "GETDEL",
};

[[nodiscard]] constexpr std::string_view update_name(Update update) {
  return kUpdateNames[static_cast<size_t>(update)];
}

// None: there is no such update.
[[nodiscard]] constexpr std::optional<Update> update_named(std::string_view name) {
  for (size_t i = 0; i < kUpdateNames.size(); ++i) {
    if (kUpdateNames[i] == name) return static_cast<Update>(i);
  }
  return std::nullopt;
}

}  // namespace doris::resp

// Words of commands: compared without regard to case, and read as numbers, as Redis does.
#pragma once

#include <charconv>
#include <cstddef>
#include <string_view>

namespace doris::resp {

[[nodiscard]] constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// The whole of `text` as a decimal number; false if it is none or does not fit. As in Redis
// a number is written in one way only: "007", "-0" and "+7" are none.
template <class Number>
[[nodiscard]] bool parse_integer(std::string_view text, Number& number) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.starts_with('0') && text != "0") return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace doris::resp

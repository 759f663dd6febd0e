#include "tests/checker/history.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace doris::checker {
namespace {

double in_ms(Micros time) {
  return static_cast<double>(time.count()) / 1000;
}

}  // namespace

std::string describe(History history, size_t lines_max) {
  std::stable_sort(history.begin(), history.end(),
                   [](const auto& a, const auto& b) { return a.invoked < b.invoked; });
  const size_t left_out = history.size() - std::min(history.size(), lines_max);
  std::string lines = left_out == 0 ? "" : fmt::format("(after {} others)\n", left_out);
  history.erase(history.begin(), history.begin() + static_cast<std::ptrdiff_t>(left_out));
  for (const Operation& operation : history) {
    const std::string until =
        operation.returned ? fmt::format("{:.3f}", in_ms(*operation.returned)) : "?";
    lines += fmt::format("{:.3f} .. {} ms  client {}  {}  -> {}\n", in_ms(operation.invoked), until,
                         operation.client, fmt::join(operation.command, " "),
                         operation.returned ? operation.reply : "unknown: " + operation.reply);
  }
  return lines;
}

}  // namespace doris::checker

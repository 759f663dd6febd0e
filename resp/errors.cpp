#include "resp/errors.h"

#include <fmt/format.h>

#include <algorithm>

namespace doris::resp {
namespace {

constexpr size_t kShownBytesMax = 128;  // Of the name, and of all arguments together.

// At most `bytes_max` of it, and no zero byte: Redis prints C strings.
std::string_view shown(std::string_view text, size_t bytes_max = kShownBytesMax) {
  return text.substr(0, std::min(bytes_max, text.find('\0')));
}

}  // namespace

std::string unknown_command(std::span<const std::string_view> args) {
  std::string shown_args;
  for (const std::string_view arg : args.subspan(1)) {
    if (shown_args.size() >= kShownBytesMax) break;
    shown_args += fmt::format("'{}' ", shown(arg, kShownBytesMax - shown_args.size()));
  }
  return fmt::format("ERR unknown command '{}', with args beginning with: {}", shown(args[0]),
                     shown_args);
}

std::string unknown_subcommand(std::string_view command, std::string_view word) {
  std::string upper(command);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return fmt::format("ERR unknown subcommand '{}'. Try {} HELP.", shown(word), upper);
}

std::string wrong_arity(std::string_view name) {
  return fmt::format("ERR wrong number of arguments for '{}' command", name);
}

}  // namespace doris::resp

// CommandSpec: what a client may know about a command, and the replies of the COMMAND
// family made from a table of them, in the shapes of Redis 7.0. Client libraries read key
// positions and flags from them, redis-cli its hints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "resp/writer.h"

namespace doris::resp {

struct CommandSpec {
  std::string_view name;     // Lower case.
  int arity;                 // As in Redis: arguments with the name; -n: at least n.
  std::string_view flags;    // Redis's words, separated by spaces: "readonly fast".
  int first_key;             // Position of the first key; 0: no keys.
  int last_key;              // Of the last; -1: the last argument.
  int key_step;              // From one key to the next.
  std::string_view group;    // "string", "generic", "connection", "server".
  std::string_view since;    // The Redis version that brought it.
  std::string_view summary;  // One line, no stop.
  // The arguments as redis-cli shall hint at them: "key value [EX seconds] [GET]". Words in
  // one pair of brackets are optional together.
  std::string_view arguments = {};
};

// Whether `args` (the name included) are as many as the command takes, or an arity says.
[[nodiscard]] bool arity_fits(int arity, size_t args);
[[nodiscard]] bool arity_fits(const CommandSpec& spec, size_t args);

// COMMAND, COMMAND COUNT | INFO name... | DOCS name... | GETKEYS command... | HELP |
// LIST [FILTERBY MODULE name | ACLCAT category | PATTERN glob], or the error that is due.
// `args` starts with "COMMAND".
void write_command_reply(Writer writer, std::span<const CommandSpec> specs,
                         std::span<const std::string_view> args);

}  // namespace doris::resp

// Error texts that clients know from Redis, to the letter. Client libraries tell what they
// may do by these words.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace doris::resp {

// The Redis whose commands and texts are followed.
inline constexpr std::string_view kRedisVersion = "7.0.15";

inline constexpr std::string_view kSyntaxError = "ERR syntax error";
inline constexpr std::string_view kNotAnInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kNoProto = "NOPROTO unsupported protocol version";

// "ERR unknown command 'x', with args beginning with: 'a' 'b' ". `args` starts with the
// command. Cut as Redis cuts it, so that the reply stays short.
[[nodiscard]] std::string unknown_command(std::span<const std::string_view> args);

// "ERR unknown subcommand 'x'. Try CLIENT HELP." `command` in any case.
[[nodiscard]] std::string unknown_subcommand(std::string_view command, std::string_view word);

// "ERR wrong number of arguments for 'get' command". `name` in lower case.
[[nodiscard]] std::string wrong_arity(std::string_view name);

}  // namespace doris::resp

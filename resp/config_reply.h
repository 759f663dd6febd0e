// CONFIG GET and HELP: a program's settings, and the few of Redis's that clients look for.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/config.h"
#include "resp/writer.h"

namespace doris::resp {

// What is wrong with a command, in Redis's words; "" if nothing is. `args` starts with "CONFIG",
// and has a second word.
[[nodiscard]] std::string config_error(std::span<const std::string_view> args);

// GET: a map of every setting of `program` whose name matches one of the patterns (as Redis's
// globs: * ? [a-z]). Durations are in milliseconds, sizes in bytes. REQUIRES: config_error() has
// found nothing.
void write_config_reply(Writer writer, const Config& config, Program program,
                        std::span<const std::string_view> args);

}  // namespace doris::resp

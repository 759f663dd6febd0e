// What --help prints.
#pragma once

#include <string>
#include <string_view>

#include "base/config.h"

namespace doris {

[[nodiscard]] std::string_view program_name(Program program);    // "doris-router"
[[nodiscard]] std::string_view program_prefix(Program program);  // "router", of "router-port".

// Usage, the common flags, and every key that the program reads with its values, default
// and reason; lines of 80 columns at most.
[[nodiscard]] std::string command_help(Program program);

}  // namespace doris

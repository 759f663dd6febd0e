// CONFIG GET: a program's settings, and the few of Redis's that clients look for.
#pragma once

#include <span>
#include <string_view>

#include "base/config.h"
#include "resp/writer.h"

namespace doris::resp {

// A map of every setting of `program` whose name matches one of `patterns` (as Redis's
// globs: * ? [a-z]). Durations are in milliseconds, sizes in bytes.
void write_config_get(Writer writer, const Config& config, Program program,
                      std::span<const std::string_view> patterns);

// Whether `text` matches a glob, without regard to case. Linear in the worst case for each
// star, so a hostile pattern cannot take long.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace doris::resp

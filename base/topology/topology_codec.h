// Topology <-> text. The grammar is in FORMAT.md: a person can read it, a test diffs it.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/topology/topology.h"

namespace doris::topology {

// One text for one topology: encode(decode(t)) == t for any text that encode() made.
[[nodiscard]] std::string encode(const Topology& topology);

// kInvalid naming the line; kTooNew when the format version is higher than ours.
// A decoded topology has passed validate(allow_same_machine = true).
Result<Topology> decode(std::string_view text);

}  // namespace doris::topology

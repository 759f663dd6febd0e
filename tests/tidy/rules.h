// The rules of the house, each a function from a file to the offences in it, as
// "path:line: what is wrong". ARCHITECTURE.md draws the house.
#pragma once

#include <string>
#include <vector>

#include "tests/tidy/source_tree.h"

namespace doris::tidy {

using Offences = std::vector<std::string>;

// Includes go down only: a room sees itself and the rooms named in the table in rules.cpp.
[[nodiscard]] Offences upward_includes(const SourceFile& file);

// A library that stands behind a seam is included on one side of it only: libuv in
// base/net, Berkeley DB in base/bdb, spdlog and CLI11 in base, hiredis in the tests.
[[nodiscard]] Offences unconfined_libraries(const SourceFile& file);

// A name that refuses nothing: util, misc, common, helpers.
[[nodiscard]] Offences meaningless_names(const SourceFile& file);

// A header that could be included twice.
[[nodiscard]] Offences unguarded_headers(const SourceFile& file);

// C++ files over 600 lines, and lines of them over 100 columns.
[[nodiscard]] Offences excessive_lengths(const SourceFile& file);

// Tabs, carriage returns, spaces at the end of a line.
[[nodiscard]] Offences stray_whitespace(const SourceFile& file);

// Notes to ourselves: work belongs in an issue.
[[nodiscard]] Offences unfinished_work(const SourceFile& file);

// Paths that exist on one machine only.
[[nodiscard]] Offences machine_paths(const SourceFile& file);

}  // namespace doris::tidy

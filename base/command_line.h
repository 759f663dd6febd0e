// The command line that the three programs share: --conf FILE, --test-conf, --version,
// --help, --port N (short for the program's own "<program>-port"), and --KEY VALUE for
// every key of the configuration table that the program reads.
#pragma once

#include <optional>
#include <string>

#include "base/config.h"

namespace doris {

struct CommandLine {
  Config config;
  // Set when there is nothing to run: --help, --version, --test-conf, or an error
  // that has been printed. The process exits with it.
  std::optional<int> exit_code;
};

// Prints help, version and the verdict of --test-conf to standard output, errors to
// standard error. Without --conf no file is read.
[[nodiscard]] CommandLine parse_command_line(Program program, int argc, const char* const* argv);

// "0.1.0"
[[nodiscard]] std::string_view doris_version();

}  // namespace doris

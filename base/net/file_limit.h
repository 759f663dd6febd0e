// How many files and sockets the process may have open at once.
#pragma once

#include <cstdint>

#include "base/status.h"

namespace doris::net {

// Makes room for at least `files` open descriptors: raises the soft limit, and the hard one
// where the process may. Never lowers either. If that is not enough, the Status says what
// the operator can do. Call it before threads start.
Status raise_file_limit(uint64_t files);

// How many may be open now, and up to how many any process may raise that.
struct FileLimits {
  uint64_t now;
  uint64_t most;
};
[[nodiscard]] FileLimits file_limits();

}  // namespace doris::net

#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace doris {

void check_failed(const char* file, int line, const char* condition, std::string_view message) {
  // Standard error rather than the log: what is broken may be what the log relies on.
  std::fprintf(stderr, "%s:%d: check failed: %s: %.*s\n", file, line, condition,
               static_cast<int>(message.size()), message.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace doris

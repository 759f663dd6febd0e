// DORIS_CHECK: an invariant of ours. When it is false the program has a bug, and
// going on could damage data: it prints where and what, and aborts. Enabled in
// every build. Never used for what a peer, a disk or an operator may do.
#pragma once

#include <string_view>

namespace doris {

[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               std::string_view message);

}  // namespace doris

#define DORIS_CHECK(condition, message)                               \
  do {                                                                \
    if (!(condition)) [[unlikely]]                                    \
      ::doris::check_failed(__FILE__, __LINE__, #condition, message); \
  } while (false)

#include "base/clock.h"

namespace doris {

int64_t SystemClock::wall_ms() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<Millis>(since_epoch).count();
}

}  // namespace doris

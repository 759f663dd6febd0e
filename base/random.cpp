#include "base/random.h"

#include <sys/random.h>

#include <cerrno>

namespace doris {

uint64_t Random::entropy() {
  // The kernel gives up to 256 bytes in one piece once it is seeded; only a signal that
  // arrives while it still waits for its seed can cut the call short.
  uint64_t seed = 0;
  ssize_t got = 0;
  do {
    got = ::getrandom(&seed, sizeof seed, 0);
  } while (got < 0 && errno == EINTR);
  DORIS_CHECK(got == static_cast<ssize_t>(sizeof seed), "the kernel has no entropy for us");
  return seed;
}

}  // namespace doris

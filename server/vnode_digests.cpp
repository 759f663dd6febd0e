#include "server/vnode_digests.h"

// Compiled here, since a hash of some thirty bytes costs less than the calls to its library.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace doris::server {

uint64_t digest_term(const resp::Version& version, std::string_view physical_key) {
  char bytes[resp::Version::kBytes];
  version.encode(bytes);
  XXH64_state_t state;
  (void)XXH64_reset(&state, 0);
  (void)XXH64_update(&state, bytes, sizeof bytes);
  (void)XXH64_update(&state, physical_key.data(), physical_key.size());
  return XXH64_digest(&state);
}

}  // namespace doris::server

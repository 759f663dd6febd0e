// What a digest of a vnode sums up, and with it which differences between two copies it
// shows: keys and versions. A version belongs to one value, so values need not be hashed,
// and the sum can be kept up to date by subtracting a record's old term and adding its new.
#pragma once

#include <cstdint>
#include <string_view>

#include "resp/version.h"

namespace doris::server {

// XXH64, seed 0, of the version's 16 bytes (Version::encode()) and the physical key.
[[nodiscard]] uint64_t digest_term(const resp::Version& version, std::string_view physical_key);

}  // namespace doris::server

// The forms that texts in doris.conf may have to take.
#pragma once

#include <string_view>

#include "base/config.h"

namespace doris {

// A name that travels in commands and topologies: [A-Za-z0-9._-]{1,64}, or empty for the
// key's own fallback.
extern const ConfigKey::Form kLabelForm;

// An address to listen on: an IPv4 or IPv6 literal, or "localhost".
extern const ConfigKey::Form kHostForm;
extern const ConfigKey::Form kHostOrEmptyForm;

// "127.0.0.1:6400", "[::1]:6400", "localhost:6400"; the port is never 0.
extern const ConfigKey::Form kAddressForm;

extern const ConfigKey::Form kFileForm;       // Any path, or empty.
extern const ConfigKey::Form kDirectoryForm;  // Any path, but not empty.

}  // namespace doris

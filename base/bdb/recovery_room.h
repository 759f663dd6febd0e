// Whether there is room on the disk to recover an environment. Berkeley DB panics when it
// runs out of room there, though it survives a full disk at any other time.
#pragma once

#include <string>

#include "base/status.h"

namespace doris::bdb {

// kNoSpace says how much to free. Reads the names and sizes of files only.
Status check_recovery_room(const std::string& directory);

}  // namespace doris::bdb

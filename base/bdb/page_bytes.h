// The page size of every database.
#pragma once

#include <cstdint>

namespace doris::bdb {

constexpr uint32_t kPageBytes = 8192;  // A value of up to some 2 KB stays within its page.

}  // namespace doris::bdb

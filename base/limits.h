// Every bound that is not a setting, in one place. Settings (doris.conf) have their own
// ranges in their tables.
#pragma once

#include <cstddef>
#include <cstdint>

namespace doris {

constexpr uint32_t kVnodesDefault = 10000;
constexpr uint32_t kVnodesMax = 65535;
constexpr uint32_t kShardsMax = 8;
constexpr uint32_t kThreadsMax = 64;
constexpr uint32_t kNamespacesMax = 4096;

constexpr size_t kKeyBytesMax = 64 * 1024;  // Of a physical key. A B-tree page holds a hint of it.
constexpr size_t kBulkBytesDefault = 64UL * 1024 * 1024;
constexpr size_t kBulkBytesCeiling = 512UL * 1024 * 1024;  // Redis's own.
constexpr size_t kRequestArgsMax = 1024 * 1024;            // Redis's own.
constexpr size_t kInlineBytesMax = 64 * 1024;              // Redis's own.
constexpr size_t kAdminArgsMax = 1024;                     // Of a command of the admin,
constexpr size_t kAdminBulkBytesMax = kKeyBytesMax;        // and of each of its words.
constexpr size_t kReplyItemsMax = 1024 * 1024;
constexpr size_t kReplyNestingMax = 32;

constexpr size_t kReadBytes = 64 * 1024;  // Room offered to one read of a socket.

// One batch: beyond these it is committed though the loop's pass is not over, so that
// the first reply of a long pipeline does not wait for the last command.
constexpr size_t kBatchWritesMax = 256;
constexpr size_t kBatchBytesMax = 8UL * 1024 * 1024;

static_assert(kBulkBytesDefault <= kBulkBytesCeiling);
static_assert(kVnodesDefault <= kVnodesMax);

}  // namespace doris

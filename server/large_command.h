// LargeCommand: notes, while it lives, for how much a shard may be busy for long (ShardWatch).
// Shard thread only.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "server/shard_stats.h"

namespace doris::server {

class LargeCommand {
 public:
  LargeCommand(size_t bytes, ShardStats& stats) : stats_(stats), is_large_(bytes >= kLarge) {
    if (is_large_) stats_.busy_bytes.set(static_cast<int64_t>(bytes));
  }
  ~LargeCommand() {
    if (is_large_) stats_.busy_bytes.set(0);
  }
  LargeCommand(const LargeCommand&) = delete;
  LargeCommand& operator=(const LargeCommand&) = delete;

  static size_t bytes_of(std::span<const std::string_view> args) {
    size_t bytes = 0;
    for (const std::string_view arg : args)
      bytes += arg.size();
    return bytes;
  }

 private:
  static constexpr size_t kLarge = 1UL << 20;

  ShardStats& stats_;
  const bool is_large_;
};

}  // namespace doris::server

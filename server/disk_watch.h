// DiskWatch: whether there is room on the disk for writes.
//
// Below the floor they are refused, and allowed again only above the floor and a tenth,
// so that a disk on the edge does not flap. The reserve lets the log and the checkpoints,
// which free space, finish their work.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/status.h"

namespace doris::server {

// Bytes that an unprivileged process may still use on the file system of `directory`.
[[nodiscard]] Result<uint64_t> free_bytes(const std::string& directory);

class DiskWatch {
 public:
  using FreeBytes = std::function<Result<uint64_t>()>;

  DiskWatch(uint64_t free_bytes_min, FreeBytes free_bytes)
      : free_bytes_min_(free_bytes_min), free_bytes_(std::move(free_bytes)) {}

  // Looks at the disk once. When it cannot tell, nothing changes. One thread at a time.
  void look();

  // Any thread.
  [[nodiscard]] bool writes_allowed() const {
    return writes_allowed_.load(std::memory_order_relaxed);
  }

 private:
  const uint64_t free_bytes_min_;
  const FreeBytes free_bytes_;
  bool blind_ = false;  // The last look failed.
  std::atomic<bool> writes_allowed_{true};
};

}  // namespace doris::server

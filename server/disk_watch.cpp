#include "server/disk_watch.h"

#include <sys/statvfs.h>

#include <cerrno>

#include "base/log.h"

namespace doris::server {
namespace {

const Log kLog("disk");

constexpr uint64_t kMegabyte = 1024ULL * 1024;

}  // namespace

Result<uint64_t> free_bytes(const std::string& directory) {
  struct statvfs disk {};
  if (::statvfs(directory.c_str(), &disk) != 0) return Status::from_errno(errno, directory);
  return static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
}

void DiskWatch::look() {
  const Result<uint64_t> free = free_bytes_();
  if (!free.ok()) {
    if (!blind_) kLog.warning("cannot tell the free space: {}", free.status().message());
    blind_ = true;
    return;
  }
  blind_ = false;
  const bool allowed = writes_allowed();
  if (allowed && *free < free_bytes_min_) {
    writes_allowed_.store(false, std::memory_order_relaxed);
    kLog.warning("{} MB free, below disk-free-min ({} MB): writes are refused, reads go on",
                 *free / kMegabyte, free_bytes_min_ / kMegabyte);
  } else if (!allowed && *free >= free_bytes_min_ + free_bytes_min_ / 10) {
    writes_allowed_.store(true, std::memory_order_relaxed);
    kLog.info("{} MB free: writes are accepted again", *free / kMegabyte);
  }
}

}  // namespace doris::server

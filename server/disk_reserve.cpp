#include "server/disk_reserve.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "base/log.h"
#include "server/disk_watch.h"

namespace doris::server {
namespace {

const Log kLog("disk");

// On a disk with less it would be the reserve that fills it.
constexpr uint64_t kPlentyBytes = 16 * DiskReserve::kBytes;

}  // namespace

void DiskReserve::keep() {
  std::error_code error;
  if (std::filesystem::exists(path_, error) || error) return;
  const Result<uint64_t> free = free_bytes(std::filesystem::path(path_).parent_path().string());
  if (!free.ok() || *free < kPlentyBytes) return;
  const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return;
  const bool has_room = ::posix_fallocate(fd, 0, kBytes) == 0;
  ::close(fd);
  if (!has_room) ::unlink(path_.c_str());
}

bool DiskReserve::release() {
  if (::unlink(path_.c_str()) != 0) return false;
  kLog.warning("{} is given up: the disk is full, and a topology has to be kept", path_);
  return true;
}

}  // namespace doris::server

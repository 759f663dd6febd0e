#include "base/bdb/recovery_room.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>

namespace doris::bdb {
namespace {

// For the checkpoint that ends recovery, and for the first pages of a new environment.
constexpr uint64_t kMarginBytes = 2ULL * 1024 * 1024;
constexpr uint64_t kMegabyte = 1024ULL * 1024;

// Blocks, since Berkeley DB makes a log file as long as it may become, with a hole in it.
Result<uint64_t> bytes_on_disk(const std::string& path) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return Status::from_errno(errno, path);
  return static_cast<uint64_t>(file.st_blocks) * 512;
}

// Redo adds at most the pages whose images are in the log.
Result<uint64_t> log_bytes(const std::string& directory) {
  std::error_code error;
  uint64_t sum = 0;
  for (std::filesystem::directory_iterator file(directory, error), end; !error && file != end;
       file.increment(error)) {
    if (!file->path().filename().string().starts_with("log.")) continue;
    const Result<uint64_t> bytes = bytes_on_disk(file->path().string());
    if (!bytes.ok()) return bytes.status();
    sum += *bytes;
  }
  if (error) return Status::from_errno(error.value(), directory);
  return sum;
}

uint64_t megabytes_up(uint64_t bytes) {
  return (bytes + kMegabyte - 1) / kMegabyte;
}

}  // namespace

Status check_recovery_room(const std::string& directory) {
  const Result<uint64_t> log = log_bytes(directory);
  if (!log.ok()) return log.status();
  struct statvfs disk {};
  if (::statvfs(directory.c_str(), &disk) != 0) return Status::from_errno(errno, directory);
  const uint64_t free = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  const uint64_t needed = *log + kMarginBytes;
  if (free >= needed) return Status::okay();
  return Status::no_space(
      fmt::format("data directory {} may need {} MB to recover and its disk has {} MB free: "
                  "free {} MB more, then start again",
                  directory, megabytes_up(needed), free / kMegabyte, megabytes_up(needed - free)));
}

}  // namespace doris::bdb

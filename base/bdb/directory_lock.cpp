#include "base/bdb/directory_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace doris::bdb {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr size_t kPidBytesMax = 20;

// What the holder wrote into the lock file; it may have been killed while it did.
std::string read_pid(int fd) {
  char bytes[kPidBytesMax];
  const ssize_t count = ::pread(fd, bytes, sizeof bytes, 0);
  std::string pid(bytes, count > 0 ? static_cast<size_t>(count) : 0);
  pid.erase(std::min(pid.find('\n'), pid.size()));
  return pid.empty() ? "unknown" : pid;
}

// Only for the error message of those who come later: a full disk does not matter.
void write_pid(int fd) {
  const std::string line = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) == 0) (void)!::pwrite(fd, line.data(), line.size(), 0);
}

}  // namespace

Result<DirectoryLock> DirectoryLock::acquire(const std::string& directory) {
  std::error_code made;
  std::filesystem::create_directories(directory, made);
  if (made) return Status::from_errno(made.value(), "data directory " + directory);

  const std::string path = directory + "/LOCK";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (fd < 0) return Status::from_errno(errno, path);
  DirectoryLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
    write_pid(fd);
    return lock;
  }
  if (errno != EWOULDBLOCK) return Status::from_errno(errno, path);
  return Status::exists(fmt::format("data directory {} is in use by another doris process (pid {})",
                                    directory, read_pid(fd)));
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace doris::bdb

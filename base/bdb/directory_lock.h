// DirectoryLock: keeps a second process out of a directory, by an flock on its file LOCK.
// The kernel drops the lock when the process ends, however it ends.
#pragma once

#include <string>

#include "base/status.h"

namespace doris::bdb {

class DirectoryLock {
 public:
  // Makes the directory if it is absent. kExists: another process holds it; the message
  // says which.
  static Result<DirectoryLock> acquire(const std::string& directory);

  DirectoryLock(DirectoryLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}

  int fd_;  // -1 when moved from.
};

}  // namespace doris::bdb

// SocketFd: owns the descriptor of a socket, and closes it.
#pragma once

#include <unistd.h>

#include <utility>

namespace doris::net {

class SocketFd {
 public:
  explicit SocketFd(int fd = -1) : fd_(fd) {}  // Below 0: owns nothing.
  SocketFd(SocketFd&& other) noexcept : fd_(other.release()) {}
  SocketFd& operator=(SocketFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~SocketFd() {
    if (valid()) ::close(fd_);
  }

  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace doris::net

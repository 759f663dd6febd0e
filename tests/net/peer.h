// Peer: the other end of a connection, a plain blocking socket on the test's own thread.
//
// Every wait ends within kPatience, so that a lost byte fails a test and does not hang it.
#pragma once

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <string>
#include <string_view>

#include "base/net/socket_address.h"
#include "base/net/socket_fd.h"

namespace doris::net {

constexpr int kPatienceSeconds = 20;

class Peer {
 public:
  explicit Peer(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{kPatienceSeconds, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const auto address = SocketAddress::of({"127.0.0.1", port});
    REQUIRE(::connect(fd_.get(), address->get(), address->size) == 0);
  }

  // False once the other end has gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // As much of `bytes` as fits in the kernel's buffers of both ends, if the other reads none.
  size_t send_until_full(std::string_view bytes) {
    size_t total = 0;
    while (total < bytes.size() && writable_soon()) {
      const auto rest = bytes.substr(total);
      const ssize_t sent = ::send(fd_.get(), rest.data(), rest.size(), MSG_DONTWAIT);
      if (sent > 0) total += static_cast<size_t>(sent);
    }
    return total;
  }

  // The next `bytes` bytes; fewer if the other end closes or falls silent before.
  std::string receive(size_t bytes) {
    std::string all(bytes, '\0');
    size_t have = 0;
    while (have < bytes) {
      const ssize_t got = ::recv(fd_.get(), all.data() + have, bytes - have, 0);
      if (got <= 0) break;
      have += static_cast<size_t>(got);
    }
    all.resize(have);
    return all;
  }

  // True iff the next thing to arrive is an orderly end of the stream.
  bool at_end() {
    char byte;
    return ::recv(fd_.get(), &byte, 1, 0) == 0;
  }

  // Segments with data that have arrived so far. On the loopback interface, one for each
  // write of the other end, as long as it is small and TCP_NODELAY is on.
  [[nodiscard]] uint32_t segments_received() const {
    tcp_info info{};
    socklen_t size = sizeof info;
    REQUIRE(::getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
    return info.tcpi_data_segs_in;
  }

  void end_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_ = SocketFd(); }

  // Closes with a reset, as a crashed machine's kernel does.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

 private:
  [[nodiscard]] bool writable_soon() const {
    pollfd wanted{fd_.get(), POLLOUT, 0};
    return ::poll(&wanted, 1, 300) == 1;
  }

  SocketFd fd_;
};

}  // namespace doris::net

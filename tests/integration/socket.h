// Socket: a bare TCP connection to 127.0.0.1, for what no well-behaved client does.
// Blocking, with a limit on every wait. Move-only; closes when destroyed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/integration/process.h"

namespace doris::integration {

class Socket {
 public:
  explicit Socket(uint16_t port);  // See connected().
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) = delete;

  [[nodiscard]] bool connected() const { return fd_ >= 0; }

  // Sends all of `bytes`. False if the peer closed, or took nothing for `patience`.
  bool send(std::string_view bytes, Millis patience = Millis{10'000});

  // Reads until what was read ends with `end`, the peer closes, or nothing comes for
  // `patience`. Returns all that was read.
  std::string read_until(std::string_view end, Millis patience = Millis{10'000});

  void end_sending();  // The peer reads to the end, and may send on.

  // Reads until the peer closes; false if it does not for `patience`.
  bool closed_by_peer(Millis patience = Millis{10'000});

 private:
  bool await(short events, Millis patience) const;

  int fd_ = -1;
};

// A port of 127.0.0.1 that nobody else can have while this lives. REQUIRES: it is free.
class TakenPort {
 public:
  explicit TakenPort(uint16_t port);
  ~TakenPort();
  TakenPort(const TakenPort&) = delete;
  TakenPort& operator=(const TakenPort&) = delete;

 private:
  const int fd_;
};

// Raises this process's limit on open files to `files`, if the hard limit allows it.
[[nodiscard]] bool allow_open_files(uint64_t files);

}  // namespace doris::integration

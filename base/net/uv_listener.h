// UvListener: a listening socket whose connections are not bound to its loop.
//
// libuv's own uv_listen() accepts into a handle of the same loop. Ours only watches the
// socket and accepts by itself, so that a connection can go to another thread's loop.
#pragma once

#include "base/net/loop.h"
#include "base/net/socket_address.h"
#include "base/net/socket_fd.h"
#include "base/net/uv_handle.h"

namespace doris::net {

class UvLoop;

class UvListener final : public Listener {
 public:
  static Result<std::unique_ptr<Listener>> open(UvLoop& loop, const Address& address,
                                                Loop::AcceptCallback on_accept);
  ~UvListener() override;

  [[nodiscard]] uint16_t port() const override { return port_; }

 private:
  struct Block {
    uv_poll_t handle{};
    Loop::AcceptCallback on_accept;  // Here, since it may destroy its own listener.
    UvListener* listener = nullptr;  // nullptr once that has happened.
  };

  UvListener(UvLoop& loop, SocketFd fd, uint16_t port, HandlePtr<Block> block);

  static void on_readable(uv_poll_t* handle, int status, int events);
  void watch();
  bool accept_one();
  void rest(int error);

  UvLoop& loop_;
  const SocketFd fd_;  // Closed after block_ has stopped watching it.
  const uint16_t port_;
  HandlePtr<Block> block_;
  std::unique_ptr<Timer> rest_;  // Runs while no descriptors are left.
  TimePoint quiet_until_{};      // No second complaint about that before.
};

}  // namespace doris::net

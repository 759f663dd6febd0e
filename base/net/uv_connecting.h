// UvConnecting: looks the host up if it is a name, connects, and makes a stream of it.
#pragma once

#include "base/net/loop.h"
#include "base/net/socket_address.h"
#include "base/net/uv_stream.h"

namespace doris::net {

class UvConnecting final : public Connecting {
 public:
  UvConnecting(UvLoop& loop, const Address& address, Millis timeout,
               Loop::ConnectCallback on_connect);
  ~UvConnecting() override;

 private:
  // libuv's requests. They free themselves in their callbacks, which may come after this
  // has gone: then `owner` is nullptr.
  struct Lookup {
    uv_getaddrinfo_t request{};
    UvConnecting* owner = nullptr;
  };
  struct Attempt {
    uv_connect_t request{};
    UvConnecting* owner = nullptr;
  };

  void look_up();
  void connect();
  void on_looked_up(int status, const addrinfo* found);
  void on_connected(int status);
  [[nodiscard]] bool connected_to_itself() const;
  void fail_soon(const Status& why);
  void fail_soon(int error);
  void finish(Result<std::unique_ptr<Stream>> result);
  void cancel();

  UvLoop& loop_;
  const Address address_;
  Loop::ConnectCallback on_connect_;
  Status failure_;                // What timer_ reports when it fires.
  std::unique_ptr<Timer> timer_;  // The timeout, or the end of this pass if it has failed.
  Lookup* lookup_ = nullptr;      // Under way; libuv's.
  Attempt* attempt_ = nullptr;    // Under way; libuv's.
  SocketAddress target_;          // Once it is known.
  HandlePtr<UvStream::Socket> socket_;
};

}  // namespace doris::net

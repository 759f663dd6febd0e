#include "base/net/uv_connecting.h"

#include <fmt/format.h>
#include <netdb.h>

#include <cstring>

#include "base/net/uv_loop_internal.h"

namespace doris::net {

UvConnecting::UvConnecting(UvLoop& loop, const Address& address, Millis timeout,
                           Loop::ConnectCallback on_connect)
    : loop_(loop),
      address_(address),
      on_connect_(std::move(on_connect)),
      failure_(Status::timeout(
          fmt::format("connect to {}: no answer in {} ms", address.text(), timeout.count()))),
      timer_(loop.timer([this] { finish(failure_); })) {
  timer_->start(timeout);
  if (const std::optional<SocketAddress> known = SocketAddress::of(address)) {
    target_ = *known;
    connect();
  } else {
    look_up();
  }
}

UvConnecting::~UvConnecting() {
  cancel();
}

// ---- Looking up ----------------------------------------------------------------------

void UvConnecting::look_up() {
  auto lookup = std::make_unique<Lookup>();
  lookup->request.data = lookup.get();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const auto done = [](uv_getaddrinfo_t* request, int status, addrinfo* found) {
    const std::unique_ptr<Lookup> ended(static_cast<Lookup*>(request->data));
    if (ended->owner != nullptr) ended->owner->on_looked_up(status, found);
    uv_freeaddrinfo(found);
  };
  const int error = uv_getaddrinfo(loop_.uv(), &lookup->request, done, address_.host.c_str(),
                                   std::to_string(address_.port).c_str(), &hints);
  if (error < 0) return fail_soon(error);
  lookup->owner = this;
  lookup_ = lookup.release();
}

void UvConnecting::on_looked_up(int status, const addrinfo* found) {
  lookup_ = nullptr;
  if (status < 0) return fail_soon(status);
  DORIS_CHECK(found->ai_addrlen <= sizeof target_.storage, "an address fits its storage");
  std::memcpy(&target_.storage, found->ai_addr, found->ai_addrlen);
  target_.size = found->ai_addrlen;
  connect();
}

// ---- Connecting ----------------------------------------------------------------------

void UvConnecting::connect() {
  Result<HandlePtr<UvStream::Socket>> socket = UvStream::new_socket(loop_);
  if (!socket.ok()) return fail_soon(socket.status());
  socket_ = std::move(*socket);
  auto attempt = std::make_unique<Attempt>();
  attempt->request.data = attempt.get();
  const auto done = [](uv_connect_t* request, int status) {
    const std::unique_ptr<Attempt> ended(static_cast<Attempt*>(request->data));
    if (ended->owner != nullptr) ended->owner->on_connected(status);
  };
  const int error = uv_tcp_connect(&attempt->request, &socket_->handle, target_.get(), done);
  if (error < 0) return fail_soon(error);
  attempt->owner = this;
  attempt_ = attempt.release();
}

void UvConnecting::on_connected(int status) {
  attempt_ = nullptr;
  if (status < 0) return fail_soon(status);
  if (connected_to_itself()) return fail_soon(UV_ECONNREFUSED);
  if (const int error = UvStream::tune(&socket_->handle); error < 0) return fail_soon(error);
  finish(std::unique_ptr<Stream>(
      std::make_unique<UvStream>(loop_, std::move(socket_), target_.address().text())));
}

// The kernel may choose, as the near port, the very far port that nobody listens on; TCP
// then joins the socket with itself, and what we send is "answered" by ourselves.
bool UvConnecting::connected_to_itself() const {
  SocketAddress near;
  int size = sizeof near.storage;
  if (uv_tcp_getsockname(&socket_->handle, near.get(), &size) != 0) return false;
  return near.address() == target_.address();
}

// ---- The end -------------------------------------------------------------------------

// Soon and not now: nobody is called back from inside connect().
void UvConnecting::fail_soon(const Status& why) {
  cancel();
  failure_ = Status::unavailable(fmt::format("connect to {}: {}", address_.text(), why.message()));
  timer_->start(Millis{0});
}

void UvConnecting::fail_soon(int error) {
  fail_soon(Status::unavailable(uv_strerror(error)));
}

void UvConnecting::finish(Result<std::unique_ptr<Stream>> result) {
  cancel();
  timer_->stop();
  const Loop::ConnectCallback told = std::move(on_connect_);  // It may destroy this.
  told(std::move(result));
}

void UvConnecting::cancel() {
  if (lookup_ != nullptr) {
    lookup_->owner = nullptr;
    uv_cancel(reinterpret_cast<uv_req_t*>(&lookup_->request));  // Too late for one that runs.
    lookup_ = nullptr;
  }
  if (attempt_ != nullptr) {
    attempt_->owner = nullptr;
    attempt_ = nullptr;
  }
  socket_.reset();  // Ends the attempt.
}

}  // namespace doris::net

#include "base/net/uv_listener.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "base/log.h"
#include "base/net/accepted_socket.h"
#include "base/net/uv_loop_internal.h"

namespace doris::net {
namespace {

const Log kLog("net");

constexpr int kBacklog = 4096;         // The kernel takes the lower of this and somaxconn.
constexpr int kAcceptsPerWakeup = 64;  // Then the connections already open get their turn.
constexpr Millis kRest{100};           // After the process has run out of descriptors.
constexpr Millis kComplaintPause{10'000};

Status listen_status(int error, const Address& address) {
  if (error == EADDRINUSE) {
    return Status::exists(
        fmt::format("port {} on {} is in use by another process; choose another with --port",
                    address.port, address.host));
  }
  return Status::from_errno(error, "listen on " + address.text());
}

Result<SocketFd> listening_socket(const Address& address) {
  const std::optional<SocketAddress> where = SocketAddress::of(address);
  if (!where) {
    return Status::invalid(
        fmt::format("cannot listen on '{}'; give an IP address of this machine", address.host));
  }
  SocketFd fd(::socket(where->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return listen_status(errno, address);
  // A restarted program gets its port back though old connections are in TIME_WAIT.
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), where->get(), where->size) != 0) return listen_status(errno, address);
  if (::listen(fd.get(), kBacklog) != 0) return listen_status(errno, address);
  return fd;
}

uint16_t port_of(const SocketFd& fd) {
  SocketAddress bound;
  const int error = ::getsockname(fd.get(), bound.get(), &bound.size);
  DORIS_CHECK(error == 0, "a bound socket has an address");
  return bound.address().port;
}

bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Result<std::unique_ptr<Listener>> UvListener::open(UvLoop& loop, const Address& address,
                                                   Loop::AcceptCallback on_accept) {
  Result<SocketFd> fd = listening_socket(address);
  if (!fd.ok()) return fd.status();
  auto block = make_handle<Block>(
      [&](uv_poll_t* handle) { return uv_poll_init_socket(loop.uv(), handle, fd->get()); });
  if (!block.ok()) return block.status().prefixed("listen on " + address.text());
  (*block)->on_accept = std::move(on_accept);
  const uint16_t port = port_of(*fd);
  return std::unique_ptr<Listener>(new UvListener(loop, std::move(*fd), port, std::move(*block)));
}

UvListener::UvListener(UvLoop& loop, SocketFd fd, uint16_t port, HandlePtr<Block> block)
    : loop_(loop),
      fd_(std::move(fd)),
      port_(port),
      block_(std::move(block)),
      rest_(loop.timer([this] { watch(); })) {
  block_->listener = this;
  watch();
}

UvListener::~UvListener() {
  block_->listener = nullptr;
}

void UvListener::watch() {
  const int error = uv_poll_start(&block_->handle, UV_READABLE, on_readable);
  DORIS_CHECK(error == 0, "a socket that is open can be watched");
}

// An error of the socket itself shows in accept4() too, so `status` says nothing new.
void UvListener::on_readable(uv_poll_t* handle, int, int) {
  Block& block = *static_cast<Block*>(handle->data);
  for (int i = 0; i < kAcceptsPerWakeup && block.listener != nullptr; ++i) {
    if (!block.listener->accept_one()) return;
  }
}

// False when nobody waits, or nobody can be accepted now. May destroy this.
bool UvListener::accept_one() {
  SocketAddress peer;
  SocketFd fd(::accept4(fd_.get(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd.valid()) {
    block_->on_accept(std::make_unique<AcceptedSocket>(std::move(fd), peer));
    return true;
  }
  if (errno == EAGAIN) return false;
  if (is_shortage(errno)) {
    rest(errno);
    return false;
  }
  return true;  // That one connection broke before it was accepted; the next may be sound.
}

// The connection stays in the backlog, so the socket stays ready: to go on watching it
// would spin until somebody closes something.
void UvListener::rest(int error) {
  uv_poll_stop(&block_->handle);
  rest_->start(kRest);
  if (loop_.now() < quiet_until_) return;
  quiet_until_ = loop_.now() + kComplaintPause;
  kLog.warning("port {}: cannot accept: {}; raise 'ulimit -n' or allow fewer clients", port_,
               std::generic_category().message(error));
}

}  // namespace doris::net

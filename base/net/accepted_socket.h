// AcceptedSocket: an Accepted, bound to no loop yet.
#pragma once

#include "base/net/loop.h"
#include "base/net/socket_address.h"
#include "base/net/socket_fd.h"

namespace doris::net {

struct AcceptedSocket final : Accepted {
  AcceptedSocket(SocketFd socket, const SocketAddress& from) : fd(std::move(socket)), peer(from) {}

  SocketFd fd;
  SocketAddress peer;
};

}  // namespace doris::net

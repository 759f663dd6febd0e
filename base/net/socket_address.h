// SocketAddress: an Address as the kernel writes it.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>

#include "base/net/address.h"

namespace doris::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  // Literals and "localhost", which is 127.0.0.1. Nothing for a name that must be looked up.
  static std::optional<SocketAddress> of(const Address& address);

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }

  // REQUIRES: IPv4 or IPv6.
  [[nodiscard]] Address address() const;
};

}  // namespace doris::net

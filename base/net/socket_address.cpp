#include "base/net/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "base/check.h"

namespace doris::net {
namespace {

// The kernel's structures are copied, never overlaid, so that no alias rule is bent.
template <class Sockaddr>
SocketAddress stored(const Sockaddr& written) {
  SocketAddress result;
  std::memcpy(&result.storage, &written, sizeof written);
  result.size = sizeof written;
  return result;
}

template <class Sockaddr>
Sockaddr loaded(const SocketAddress& source) {
  Sockaddr result;
  std::memcpy(&result, &source.storage, sizeof result);
  return result;
}

}  // namespace

std::optional<SocketAddress> SocketAddress::of(const Address& address) {
  const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
  sockaddr_in ipv4{};
  if (::inet_pton(AF_INET, host.c_str(), &ipv4.sin_addr) == 1) {
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(address.port);
    return stored(ipv4);
  }
  sockaddr_in6 ipv6{};
  if (::inet_pton(AF_INET6, host.c_str(), &ipv6.sin6_addr) == 1) {
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(address.port);
    return stored(ipv6);
  }
  return std::nullopt;
}

Address SocketAddress::address() const {
  char host[INET6_ADDRSTRLEN] = {};
  if (family() == AF_INET) {
    const auto ipv4 = loaded<sockaddr_in>(*this);
    ::inet_ntop(AF_INET, &ipv4.sin_addr, host, sizeof host);
    return {host, ntohs(ipv4.sin_port)};
  }
  DORIS_CHECK(family() == AF_INET6, "sockets here are IPv4 or IPv6");
  const auto ipv6 = loaded<sockaddr_in6>(*this);
  ::inet_ntop(AF_INET6, &ipv6.sin6_addr, host, sizeof host);
  return {host, ntohs(ipv6.sin6_port)};
}

}  // namespace doris::net

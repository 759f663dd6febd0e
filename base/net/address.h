// Address: "host:port" as it stands in doris.conf and in the topology.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace doris::net {

struct Address {
  std::string host;   // An IPv4 or IPv6 literal, "localhost", or a host name. Never empty.
  uint16_t port = 0;  // 0 when listening: the kernel chooses.

  // Accepts "127.0.0.1:6379", "[::1]:6379", "localhost:6379", "db-1.example.org:6379".
  static Result<Address> parse(std::string_view text);

  [[nodiscard]] std::string text() const;  // What parse() reads.

  bool operator==(const Address&) const = default;
};

}  // namespace doris::net

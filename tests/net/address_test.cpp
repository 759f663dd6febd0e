#include "base/net/address.h"

#include <catch2/catch.hpp>

namespace doris::net {
namespace {

struct Row {
  const char* text;
  const char* host;
  uint16_t port;
};

TEST_CASE("An address is read and written back") {
  const auto row = GENERATE(values<Row>({{"127.0.0.1:6379", "127.0.0.1", 6379},
                                         {"0.0.0.0:0", "0.0.0.0", 0},
                                         {"[::1]:6379", "::1", 6379},
                                         {"[fe80::1:2]:65535", "fe80::1:2", 65535},
                                         {"localhost:1", "localhost", 1},
                                         {"db-1.example.org:6400", "db-1.example.org", 6400},
                                         {"a1_x:6400", "a1_x", 6400}}));
  const Result<Address> address = Address::parse(row.text);
  REQUIRE(address.ok());
  CHECK(address->host == row.host);
  CHECK(address->port == row.port);
  CHECK(address->text() == row.text);
}

TEST_CASE("What is not an address is refused in words") {
  const std::string text = GENERATE(values<std::string>({"",
                                                         ":",
                                                         "6379",
                                                         "127.0.0.1",
                                                         "127.0.0.1:",
                                                         ":6379",
                                                         "127.0.0.1:65536",
                                                         "127.0.0.1:-1",
                                                         "127.0.0.1:+1",
                                                         "127.0.0.1: 1",
                                                         "127.0.0.1:1 ",
                                                         "127.0.0.1:0x1",
                                                         "256.0.0.1:1",
                                                         "1.2.3:1",
                                                         "::1:6379",
                                                         "[::1]",
                                                         "[::1]6379",
                                                         "[localhost]:1",
                                                         "[127.0.0.1]:1",
                                                         "[]:1",
                                                         "a..b:1",
                                                         ".a:1",
                                                         "a b:1",
                                                         "a/b:1",
                                                         std::string(254, 'a') + ":1"}));
  const Result<Address> address = Address::parse(text);
  REQUIRE_FALSE(address.ok());
  CHECK(address.code() == Code::kInvalid);
  CHECK(address.status().message().find("127.0.0.1:6379") != std::string::npos);
}

}  // namespace
}  // namespace doris::net

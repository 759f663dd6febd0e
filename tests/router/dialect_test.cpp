#include "router/dialect.h"

#include <catch2/catch.hpp>
#include <string>

namespace doris::router {
namespace {

TEST_CASE("requests to a data server read as PROTOCOL.md says") {
  Buffer out;
  SECTION("VGET") {
    write_vget(out, 7839, "101:a");
    CHECK(out.view() == "*3\r\n$4\r\nVGET\r\n$4\r\n7839\r\n$5\r\n101:a\r\n");
  }
  SECTION("VHAS") {
    write_vhas(out, 65534, "k");
    CHECK(out.view() == "*3\r\n$4\r\nVHAS\r\n$5\r\n65534\r\n$1\r\nk\r\n");
  }
  SECTION("VCOUNT") {
    write_vcount(out, "3", "16");
    CHECK(out.view() == "*3\r\n$6\r\nVCOUNT\r\n$1\r\n3\r\n$2\r\n16\r\n");
  }
  SECTION("VSET carries role, version and expiry") {
    const resp::Version version{7, 9, 257};
    char bytes[resp::Version::kBytes];
    version.encode(bytes);
    write_vset(out, WriteRole::primary(), 0, "k", version, "value");
    CHECK(out.view() == "*7\r\n$4\r\nVSET\r\n$1\r\nP\r\n$1\r\n0\r\n$1\r\nk\r\n$16\r\n" +
                            std::string(bytes, sizeof(bytes)) + "\r\n$1\r\n0\r\n$5\r\nvalue\r\n");
  }
  SECTION("VDEL") {
    const resp::Version version{1, 2, 3};
    char bytes[resp::Version::kBytes];
    version.encode(bytes);
    write_vdel(out, WriteRole::secondary(), 12, "k", version);
    CHECK(out.view() == "*5\r\n$4\r\nVDEL\r\n$1\r\nS\r\n$2\r\n12\r\n$1\r\nk\r\n$16\r\n" +
                            std::string(bytes, sizeof(bytes)) + "\r\n");
  }
}

TEST_CASE("a raised version is read with what was there before") {
  const resp::Version raised{7, 123456, 257 | resp::Version::kRaisedBit};
  std::string bulk(1 + resp::Version::kBytes, '\0');
  raised.encode(bulk.data() + 1);
  bool existed = false;
  resp::Version version;

  bulk[0] = '1';
  REQUIRE(read_raised(bulk, existed, version));
  CHECK(existed);
  CHECK(version == raised);

  bulk[0] = '0';
  REQUIRE(read_raised(bulk, existed, version));
  CHECK_FALSE(existed);
}

TEST_CASE("what is not a raised version is not taken for one") {
  bool existed = false;
  resp::Version version;
  CHECK_FALSE(read_raised("", existed, version));
  CHECK_FALSE(read_raised(std::string(16, '1'), existed, version));
  CHECK_FALSE(read_raised(std::string(18, '1'), existed, version));
  CHECK_FALSE(read_raised(std::string(17, 'x'), existed, version));
}

}  // namespace
}  // namespace doris::router

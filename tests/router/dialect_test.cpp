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
    write_vset(out, WriteRole::primary(), {0, "k", version}, 0, "value");
    CHECK(out.view() == "*7\r\n$4\r\nVSET\r\n$1\r\nP\r\n$1\r\n0\r\n$1\r\nk\r\n$16\r\n" +
                            std::string(bytes, sizeof(bytes)) + "\r\n$1\r\n0\r\n$5\r\nvalue\r\n");
  }
  SECTION("VDEL") {
    const resp::Version version{1, 2, 3};
    char bytes[resp::Version::kBytes];
    version.encode(bytes);
    write_vdel(out, WriteRole::secondary(), {12, "k", version});
    CHECK(out.view() == "*5\r\n$4\r\nVDEL\r\n$1\r\nS\r\n$2\r\n12\r\n$1\r\nk\r\n$16\r\n" +
                            std::string(bytes, sizeof(bytes)) + "\r\n");
  }
}

std::string bytes_of(const resp::Version& version) {
  std::string bytes(resp::Version::kBytes, '\0');
  version.encode(bytes.data());
  return bytes;
}

TEST_CASE("an effect names the operation that it is of, unless its own version does") {
  const resp::Version version{1, 2, 3};
  const resp::WriteId own = resp::write_id("k", version);
  const std::string words =
      "$4\r\nVDEL\r\n$1\r\nS\r\n$2\r\n12\r\n$1\r\nk\r\n$16\r\n" + bytes_of(version) + "\r\n";
  Buffer out;
  SECTION("its own version") {
    write_vdel(out, WriteRole::secondary(), {12, "k", version, own});
    CHECK(out.view() == "*5\r\n" + words);
  }
  SECTION("an earlier one") {
    write_vdel(out, WriteRole::secondary(), {12, "k", version, 0x0102030405060708});
    CHECK(out.view() == "*6\r\n" + words + "$8\r\n\1\2\3\4\5\6\7\x08\r\n");
  }
}

TEST_CASE("the answers to an update") {
  resp::ReplyParser parser({1024, 16, 4});
  const auto read = [&parser](const std::string& bytes, UpdateAnswer& answer) {
    parser.reset();
    REQUIRE(parser.parse(bytes) == resp::Parsed::kCommand);
    return read_update(parser.reply(), answer);
  };
  const resp::Version version{7, 9, 257};
  const resp::Version base{7, 8, 258};
  const std::string bulk = "$16\r\n" + bytes_of(version) + "\r\n";
  const std::string base_bulk = "$16\r\n" + bytes_of(base) + "\r\n";
  UpdateAnswer answer;
  SECTION("nothing has changed, and may be shown") {
    REQUIRE(read("$-1\r\n", answer));
    CHECK(answer.reply == resp::Value::null());
    CHECK_FALSE(answer.changes);
    CHECK(answer.version == resp::Version{});
  }
  SECTION("nothing has changed, and what there is has to be settled first") {
    REQUIRE(read("*2\r\n-ERR no\r\n" + bulk, answer));
    CHECK(answer.reply == resp::Value::error("ERR no"));
    CHECK_FALSE(answer.changes);
    CHECK(answer.version == version);
  }
  SECTION("an effect") {
    REQUIRE(read("*6\r\n:3\r\n" + bulk + ":77\r\n$2\r\nab\r\n" + base_bulk + "$-1\r\n", answer));
    CHECK(answer.reply == resp::Value::of(3));
    CHECK((answer.changes && answer.has_effect && !answer.removes));
    CHECK(answer.version == version);
    CHECK(answer.expires_at_ms == 77);
    CHECK(answer.value == "ab");
    CHECK(answer.base == base);
    CHECK(answer.first == version);
  }
  SECTION("an effect of which the router has the reply") {
    REQUIRE(read("*5\r\n" + bulk + ":0\r\n$-1\r\n$-1\r\n" + base_bulk, answer));
    CHECK_FALSE(answer.reply);
    CHECK((answer.changes && answer.has_effect && answer.removes));
    CHECK(answer.base == resp::Version{});
    CHECK(answer.version == version);
    CHECK(answer.first == base);
  }
  SECTION("it was done before, and the router has the effect") {
    REQUIRE(read("*1\r\n" + bulk, answer));
    CHECK_FALSE(answer.reply);
    CHECK((answer.changes && !answer.has_effect));
    CHECK(answer.version == version);
    CHECK(answer.first == version);
  }
  SECTION("what is none") {
    CHECK_FALSE(read("*3\r\n:1\r\n:2\r\n:3\r\n", answer));
    CHECK_FALSE(read("*2\r\n:1\r\n$1\r\nx\r\n", answer));
    CHECK_FALSE(read("*6\r\n:3\r\n$1\r\nx\r\n:0\r\n$2\r\nab\r\n$-1\r\n$-1\r\n", answer));
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

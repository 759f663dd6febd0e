#include "resp/writer.h"

#include <catch2/catch.hpp>
#include <limits>

#include "base/random.h"
#include "resp/reply_parser.h"
#include "tests/resp/pieces.h"
#include "tests/resp/random_resp.h"

namespace doris::resp {
namespace {

using Kind = Value::Kind;

constexpr ReplyLimits kLimits{.bulk_bytes_max = 1024, .items_max = 100, .nesting_max = 8};

template <class Write>
std::string written(Protocol protocol, Write write) {
  Buffer out;
  Writer writer(out, protocol);
  write(writer);
  return std::string(out.view());
}

// What RESP2 can say of a value.
Value downgraded(const Value& value) {
  Value result = value;
  switch (value.kind) {
    case Kind::kMap:
    case Kind::kSet:
    case Kind::kPush:
      result.kind = Kind::kArray;
      break;
    case Kind::kBoolean:
      result.kind = Kind::kInteger;
      break;
    case Kind::kVerbatim:
    case Kind::kBigNumber:
      result.kind = Kind::kBulk;
      break;
    case Kind::kDouble: {
      const std::string line = bytes_of(value, Protocol::kResp3);  // ",<text>\r\n"
      return Value::bulk(line.substr(1, line.size() - 3));
    }
    default:
      break;
  }
  for (Value& item : result.items)
    item = downgraded(item);
  return result;
}

TEST_CASE("every value comes back from RESP3, and its defined downgrade from RESP2") {
  const uint64_t seed = Random::entropy();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 2000; ++round) {
    const Value value = random_value(random, 3);
    const auto three = parse_replies(bytes_of(value, Protocol::kResp3), {}, kLimits);
    REQUIRE((three == Outcome<Value>{{value}, "", 0}));
    const auto two = parse_replies(bytes_of(value, Protocol::kResp2), {}, kLimits);
    REQUIRE((two == Outcome<Value>{{downgraded(value)}, "", 0}));
  }
}

TEST_CASE("RESP2 and RESP3 say the same in their own ways") {
  const auto all = [](Writer& writer) {
    writer.null().map(1).bulk("k").integer(-7).set(0).push(0).boolean(true).real(0.5);
    writer.verbatim("v").simple("OK").array(0);
  };
  CHECK(written(Protocol::kResp2, all) ==
        "$-1\r\n*2\r\n$1\r\nk\r\n:-7\r\n*0\r\n*0\r\n:1\r\n$3\r\n0.5\r\n$1\r\nv\r\n"
        "+OK\r\n*0\r\n");
  CHECK(written(Protocol::kResp3, all) ==
        "_\r\n%1\r\n$1\r\nk\r\n:-7\r\n~0\r\n>0\r\n#t\r\n,0.5\r\n=5\r\ntxt:v\r\n"
        "+OK\r\n*0\r\n");
}

TEST_CASE("an error is one line, whatever it quotes") {
  CHECK(written(Protocol::kResp2, [](Writer& writer) { writer.error("ERR a\r\nb"); }) ==
        "-ERR a  b\r\n");
}

TEST_CASE("integers at both ends of their range") {
  const auto both = [](Writer& writer) {
    writer.integer(std::numeric_limits<int64_t>::min());
    writer.integer(std::numeric_limits<int64_t>::max());
  };
  CHECK(written(Protocol::kResp2, both) == ":-9223372036854775808\r\n:9223372036854775807\r\n");
}

TEST_CASE("doubles that are no numbers have names") {
  const auto odd = [](Writer& writer) {
    writer.real(std::numeric_limits<double>::infinity());
    writer.real(-std::numeric_limits<double>::infinity());
    writer.real(std::numeric_limits<double>::quiet_NaN());
  };
  CHECK(written(Protocol::kResp3, odd) == ",inf\r\n,-inf\r\n,nan\r\n");
}

TEST_CASE("a request is a multibulk command") {
  Buffer out;
  write_request(out, {"SET", "k", ""});
  CHECK(out.view() == "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n");
}

}  // namespace
}  // namespace doris::resp

#include "resp/reply_parser.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/limits.h"
#include "tests/resp/pieces.h"
#include "tests/resp/random_resp.h"

namespace doris::resp {
namespace {

using Kind = Value::Kind;

constexpr ReplyLimits kLimits{.bulk_bytes_max = 1024, .items_max = 100, .nesting_max = 4};

Value parse_one(std::string_view bytes) {
  const Outcome<Value> outcome = parse_replies(bytes, {}, kLimits);
  CHECK(outcome.error == "");
  CHECK(outcome.left == 0);
  REQUIRE(outcome.items.size() == 1);
  return outcome.items[0];
}

std::string error(std::string_view bytes) {
  return parse_replies(bytes, {}, kLimits).error;
}

Value scalar(Kind kind, std::string text) {
  Value value;
  value.kind = kind;
  value.text = std::move(text);
  return value;
}

TEST_CASE("the scalars of RESP2") {
  CHECK((parse_one("+OK\r\n") == Value::simple("OK")));
  CHECK((parse_one("-ERR no\r\n") == Value::error("ERR no")));
  CHECK((parse_one(":-42\r\n") == Value::of(-42)));
  CHECK((parse_one("$3\r\na\r\n\r\n") == Value::bulk("a\r\n")));
  CHECK((parse_one("$0\r\n\r\n") == Value::bulk("")));
  CHECK((parse_one("$-1\r\n") == Value::null()));
  CHECK((parse_one("*-1\r\n") == Value::null()));
}

TEST_CASE("the scalars of RESP3") {
  CHECK((parse_one("_\r\n") == Value::null()));
  CHECK(parse_one("#t\r\n").integer == 1);
  CHECK(parse_one("#f\r\n").is(Kind::kBoolean));
  CHECK(parse_one(",3.25\r\n").number == 3.25);
  CHECK(std::isinf(parse_one(",-inf\r\n").number));
  CHECK(std::isnan(parse_one(",nan\r\n").number));
  CHECK((parse_one("(-123456789012345678901\r\n") ==
         scalar(Kind::kBigNumber, "-123456789012345678901")));
  CHECK((parse_one("=7\r\ntxt:abc\r\n") == scalar(Kind::kVerbatim, "abc")));
  CHECK((parse_one("!5\r\nERR a\r\n") == Value::error("ERR a")));
}

TEST_CASE("aggregates nest") {
  CHECK((parse_one("*0\r\n") == Value::array({})));
  CHECK((parse_one("*2\r\n*1\r\n:1\r\n%1\r\n+k\r\n~0\r\n") ==
         Value::array({Value::array({Value::of(1)}), Value::map({Value::simple("k"), [] {
                                                                   Value set;
                                                                   set.kind = Kind::kSet;
                                                                   return set;
                                                                 }()})})));
  CHECK(parse_one(">1\r\n+message\r\n").is(Kind::kPush));
}

TEST_CASE("attributes are skipped wherever they stand") {
  CHECK((parse_one("|1\r\n+ttl\r\n*1\r\n:1\r\n$1\r\nv\r\n") == Value::bulk("v")));
  CHECK((parse_one("*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n") ==
         Value::array({Value::of(1), Value::of(2)})));
  CHECK((parse_one("|0\r\n:1\r\n") == Value::of(1)));
}

TEST_CASE("a scalar is a view, and a reply after an aggregate has no tree") {
  ReplyParser parser(kLimits);
  REQUIRE(parser.parse("*1\r\n:1\r\n") == Parsed::kCommand);
  CHECK(parser.reply().tree.items.size() == 1);
  const std::string bytes = "$3\r\nabc\r\n";
  REQUIRE(parser.parse(bytes) == Parsed::kCommand);
  CHECK(parser.reply().text.data() == bytes.data() + 4);
  CHECK(parser.reply().tree.items.empty());
}

TEST_CASE("what is no RESP is refused") {
  CHECK(error("\r\n") == "an empty line");
  CHECK(error("?\r\n") == "an unknown type '?'");
  CHECK(error(":x\r\n") == "an invalid integer");
  CHECK(error(":99999999999999999999\r\n") == "an invalid integer");
  CHECK(error("#x\r\n") == "an invalid boolean");
  CHECK(error(",1.5x\r\n") == "an invalid double");
  CHECK(error("(1x\r\n") == "an invalid big number");
  CHECK(error("_x\r\n") == "an invalid null");
  CHECK(error("=3\r\ntxt\r\n") == "a verbatim string without a format");
  CHECK(error("%-1\r\n") == "an invalid number of items");
  CHECK(error("!-1\r\n") == "an invalid bulk length");
  CHECK(error("+a\nb\r\n") == "a line feed inside a line");
  CHECK(error("+a\rb\r\n") == "a carriage return inside a line");
  CHECK(error("$1\r\nabc") == "a bulk without its end");
}

TEST_CASE("streamed strings and aggregates are refused") {
  CHECK(error("$?\r\n") == "a streamed string");
  CHECK(error("*?\r\n") == "a streamed aggregate");
}

TEST_CASE("limits of replies are met exactly") {
  const auto bulk = [](size_t size) {
    return "$" + std::to_string(size) + "\r\n" + std::string(size, 'x') + "\r\n";
  };
  CHECK(parse_one(bulk(1024)).text.size() == 1024);
  CHECK(error(bulk(1025)) == "an invalid bulk length");
  CHECK(error("*100\r\n") == "");
  CHECK(error("*101\r\n") == "an invalid number of items");
  CHECK(error("%50\r\n") == "");
  CHECK(error("%51\r\n") == "an invalid number of items");
  CHECK(error("*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n") == "");
  CHECK(error("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n") == "nested too deep");
  CHECK(parse_one("+" + std::string(kInlineBytesMax - 1, 'x') + "\r\n").is(Kind::kSimple));
  CHECK(error("+" + std::string(kInlineBytesMax, 'x')) == "a line too long");
}

TEST_CASE("a peer cannot use the stack up by nesting") {
  std::string bytes;
  for (int i = 0; i < 1'000'000; ++i)
    bytes += "*1\r\n";
  ReplyParser parser({.bulk_bytes_max = 1, .items_max = 1, .nesting_max = 2'000'000});
  CHECK(parser.parse(bytes) == Parsed::kNeedMore);
}

}  // namespace
}  // namespace doris::resp

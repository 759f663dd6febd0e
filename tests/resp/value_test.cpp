#include "resp/value.h"

#include <catch2/catch.hpp>

#include "resp/words.h"

namespace doris::resp {
namespace {

TEST_CASE("a value is found by its key in a map, and in an array of keys and values") {
  const std::vector<Value> pairs = {Value::bulk("a"), Value::of(1), Value::simple("b"),
                                    Value::of(2)};
  for (const Value& value : {Value::map(pairs), Value::array(pairs)}) {
    REQUIRE(value.get("b") != nullptr);
    CHECK(value.get("b")->integer == 2);
    CHECK(value.get("c") == nullptr);
  }
}

TEST_CASE("only a text is a key") {
  CHECK(Value::array({Value::of(5), Value::of(1)}).get("") == nullptr);
  CHECK(Value::array({Value::bulk("odd")}).get("odd") == nullptr);
  CHECK(Value::bulk("a").get("a") == nullptr);
}

TEST_CASE("words are compared without regard to case") {
  CHECK(equals_ignoring_case("GeT", "gEt"));
  CHECK_FALSE(equals_ignoring_case("get", "gets"));
  CHECK_FALSE(equals_ignoring_case("@", "`"));  // 32 apart, as 'A' and 'a' are.
}

TEST_CASE("a number is written in one way only") {
  int64_t number = 0;
  CHECK((parse_integer("-12", number) && number == -12));
  CHECK((parse_integer("0", number) && number == 0));
  for (const char* text : {"", "-", "+1", "01", "-0", "00", "1 ", " 1", "9223372036854775808"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_integer(text, number));
  }
  uint8_t small = 0;
  CHECK((parse_integer("255", small) && small == 255));
  CHECK_FALSE(parse_integer("256", small));
  CHECK_FALSE(parse_integer("-1", small));
}

}  // namespace
}  // namespace doris::resp

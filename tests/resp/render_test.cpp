#include "resp/render.h"

#include <catch2/catch.hpp>

#include "base/random.h"
#include "tests/resp/random_resp.h"

namespace doris::resp {
namespace {

using Kind = Value::Kind;
using Lines = std::vector<std::string>;

Lines lines_of(const Value& value) {
  const Value rendered = render(value);
  CHECK(rendered.is(Kind::kArray));
  Lines lines;
  for (const Value& line : rendered.items) {
    CHECK(line.is(Kind::kSimple));
    lines.push_back(line.text);
  }
  return lines;
}

Value row(std::string name, int64_t size) {
  return Value::map(
      {Value::bulk("name"), Value::bulk(std::move(name)), Value::bulk("size"), Value::of(size)});
}

TEST_CASE("a map becomes lines with aligned values") {
  CHECK(lines_of(Value::map({Value::bulk("epoch"), Value::of(7), Value::bulk("state of it"),
                             Value::bulk("fine"), Value::bulk("none"), Value::null()})) ==
        Lines{"epoch:       7", "state of it: fine", "none:        -"});
}

TEST_CASE("an array of like maps becomes a table") {
  CHECK(lines_of(Value::array({row("a", 1000), row("longer", 5)})) ==
        Lines{"name    size", "a       1000", "longer  5"});
}

TEST_CASE("names are aligned by what is seen of them, not by their bytes") {
  CHECK(lines_of(Value::array({row("\xC3\xA4\xC3\xB6", 1), row("abcde", 2)})) ==
        Lines{"name   size", "\xC3\xA4\xC3\xB6     1", "abcde  2"});
}

TEST_CASE("maps and tables inside a map are indented below their keys") {
  CHECK(lines_of(Value::map({Value::bulk("inner"), row("a", 1), Value::bulk("rows"),
                             Value::array({row("b", 2)}), Value::bulk("list"),
                             Value::array({Value::of(1), Value::of(2)})})) ==
        Lines{"inner:", "  name: a", "  size: 1", "rows:", "  name  size", "  b     2",
              "list:  1, 2"});
}

TEST_CASE("maps of different keys stand apart instead of in one table") {
  CHECK(lines_of(Value::array({Value::map({Value::bulk("a"), Value::of(1)}),
                               Value::map({Value::bulk("b"), Value::of(2)})})) ==
        Lines{"a: 1", "", "b: 2"});
}

TEST_CASE("nothing is said to be nothing, not shown as an empty line") {
  CHECK(render(Value::array({})) == Value::array({Value::simple("(nothing)")}));
  CHECK(render(Value::map({})) == Value::array({Value::simple("(nothing)")}));
}

TEST_CASE("a scalar and an error stay as they are") {
  CHECK((render(Value::of(5)) == Value::of(5)));
  CHECK((render(Value::error("ERR no")) == Value::error("ERR no")));
  CHECK((render(Value::bulk("a\nb")) == Value::bulk("a\nb")));
}

TEST_CASE("whatever is rendered can be written as simple strings") {
  const uint64_t seed = Random::entropy();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 1000; ++round) {
    const Value rendered = render(Value::array({random_value(random, 3)}));
    for (const Value& line : rendered.items) {
      REQUIRE(line.is(Kind::kSimple));
      REQUIRE(line.text.find_first_of("\r\n") == std::string::npos);
    }
  }
}

}  // namespace
}  // namespace doris::resp

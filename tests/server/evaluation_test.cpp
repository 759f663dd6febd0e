#include "server/evaluation.h"

#include <catch2/catch.hpp>
#include <limits>

namespace doris::server {
namespace {

using resp::Update;
using resp::Value;

constexpr size_t kValueBytesMax = 16;
constexpr int64_t kExpires = 1'700'000'000'000;

const std::optional<RecordView> kNothing;

std::optional<RecordView> holding(std::string_view value) {
  RecordView record{{}, value};
  record.header.expires_at_ms = kExpires;
  return record;
}

Evaluation run(Update update, std::string_view argument, const std::optional<RecordView>& found) {
  return evaluate(update, argument, found, kValueBytesMax);
}

TEST_CASE("SET and its conditions") {
  CHECK(run(Update::kSet, "v", holding("old")).value == "v");
  CHECK(run(Update::kSet, "v", holding("old")).expires_at_ms == 0);
  CHECK(run(Update::kSet, "v", kNothing).reply == Value::simple("OK"));

  CHECK(run(Update::kSetIfAbsent, "v", kNothing).changes);
  CHECK_FALSE(run(Update::kSetIfAbsent, "v", holding("old")).changes);
  CHECK(run(Update::kSetIfAbsent, "v", holding("old")).reply == Value::null());

  CHECK(run(Update::kSetIfPresent, "v", holding("old")).value == "v");
  CHECK_FALSE(run(Update::kSetIfPresent, "v", kNothing).changes);
}

TEST_CASE("SET GET answers with what was there, whether it sets or not") {
  for (const Update update : {Update::kGetSet, Update::kGetSetIfAbsent, Update::kGetSetIfPresent}) {
    CHECK(run(update, "v", holding("old")).reply == Value::bulk("old"));
    CHECK(run(update, "v", kNothing).reply == Value::null());
    CHECK(run(update, "v", holding("old")).changes == (update != Update::kGetSetIfAbsent));
    CHECK(run(update, "v", kNothing).changes == (update != Update::kGetSetIfPresent));
  }
}

TEST_CASE("numbers are added to, and nothing means 0") {
  CHECK(run(Update::kIncrement, "5", holding("-3")).reply == Value::of(2));
  CHECK(run(Update::kIncrement, "5", holding("-3")).value == "2");
  CHECK(run(Update::kIncrement, "5", holding("-3")).expires_at_ms == kExpires);
  CHECK(run(Update::kIncrement, "-1", kNothing).value == "-1");
}

TEST_CASE("what is no number, or would become none, is left as it is") {
  const Value no_number = Value::error("ERR value is not an integer or out of range");
  for (const char* text : {"", "x", " 1", "1 ", "+1", "01", "1.0", "9223372036854775808"}) {
    const Evaluation outcome = run(Update::kIncrement, "1", holding(text));
    CHECK(outcome.reply == no_number);
    CHECK_FALSE(outcome.changes);
  }
  const Value overflow = Value::error("ERR increment or decrement would overflow");
  CHECK(run(Update::kIncrement, "1", holding("9223372036854775807")).reply == overflow);
  CHECK(run(Update::kIncrement, "-1", holding("-9223372036854775808")).reply == overflow);
}

TEST_CASE("APPEND makes a value of the length that it answers, up to the limit") {
  CHECK(run(Update::kAppend, "cd", holding("ab")).value == "abcd");
  CHECK(run(Update::kAppend, "cd", holding("ab")).reply == Value::of(4));
  CHECK(run(Update::kAppend, "cd", holding("ab")).expires_at_ms == kExpires);
  CHECK(run(Update::kAppend, "cd", kNothing).value == "cd");
  CHECK(run(Update::kAppend, std::string(kValueBytesMax, 'x'), kNothing).changes);
  const Evaluation too_long = run(Update::kAppend, std::string(kValueBytesMax, 'x'), holding("y"));
  CHECK(too_long.reply ==
        Value::error("ERR string exceeds maximum allowed size (proto-max-bulk-len)"));
  CHECK_FALSE(too_long.changes);
}

TEST_CASE("deletes change something only if something is there") {
  CHECK(run(Update::kDelete, "", holding("v")).removes);
  CHECK(run(Update::kDelete, "", holding("v")).reply == Value::of(1));
  CHECK_FALSE(run(Update::kDelete, "", kNothing).changes);
  CHECK(run(Update::kDelete, "", kNothing).reply == Value::of(0));
  CHECK(run(Update::kGetDelete, "", holding("v")).removes);
  CHECK(run(Update::kGetDelete, "", holding("v")).reply == Value::bulk("v"));
  CHECK_FALSE(run(Update::kGetDelete, "", kNothing).changes);
}

TEST_CASE("every update has a word, and a word one update") {
  for (size_t i = 0; i < resp::kUpdateNames.size(); ++i) {
    const auto update = static_cast<Update>(i);
    CHECK(resp::update_named(resp::update_name(update)) == update);
  }
  CHECK_FALSE(resp::update_named("set"));
  CHECK_FALSE(resp::update_named(""));
}

}  // namespace
}  // namespace doris::server

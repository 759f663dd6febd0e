#include "server/record_view.h"

#include <catch2/catch.hpp>

#include "resp/render.h"

namespace doris::server {
namespace {

using resp::Value;

constexpr int64_t kNow = 1'700'000'000'000;
constexpr KeyRef kKey{7, "5:k"};

Value shown(const RecordHeader& header, std::string_view value) {
  return describe_record(kKey, 1, std::optional(RecordView{header, value}), kNow);
}

TEST_CASE("a record is shown with its place, its version and what a reader would get") {
  const Value record = shown({.version = {3, 77, 257}, .expires_at_ms = kNow + 1}, "bytes");
  CHECK(record.get("key")->text == "5:k");
  CHECK(record.get("vnode")->integer == 7);
  CHECK(record.get("shard")->integer == 1);
  CHECK(record.get("state")->text == "live");
  CHECK(record.get("version")->text == resp::Version{3, 77, 257}.text());
  CHECK(record.get("expires")->integer == kNow + 1);
  CHECK(record.get("value")->text == "bytes");
}

TEST_CASE("a record that no reader gets is shown all the same") {
  const Value expired = shown({.version = {3, 77, 257}, .expires_at_ms = kNow}, "old");
  CHECK(expired.get("state")->text == "expired");
  CHECK(expired.get("value")->text == "old");
  const Value deleted = shown({.version = {3, 78, 257}, .tombstone = true}, "");
  CHECK(deleted.get("state")->text == "deleted");
  CHECK(deleted.get("version")->text == resp::Version{3, 78, 257}.text());
}

TEST_CASE("of an absent record its place is shown") {
  const Value absent = describe_record(kKey, 1, std::optional<RecordView>(), kNow);
  CHECK(absent.get("state")->text == "absent");
  CHECK(absent.get("vnode")->integer == 7);
  CHECK(absent.get("version")->is(Value::Kind::kNull));
  CHECK(absent.get("value")->is(Value::Kind::kNull));
}

TEST_CASE("a record that cannot be read says which file is damaged") {
  const Value error = describe_record(kKey, 1, Status::corrupt("data.db: page 7"), kNow);
  CHECK(error == Value::error("SHARDDOWN data.db: page 7"));
}

TEST_CASE("people read a record as lines") {
  const Value lines = resp::render(shown({.version = {3, 77, 257}}, "bytes"));
  REQUIRE(lines.items.size() == 7);
  for (const Value& line : lines.items)
    CHECK(line.is(Value::Kind::kSimple));
  CHECK_THAT(lines.items[0].text, Catch::StartsWith("key:"));
  CHECK_THAT(lines.items[6].text, Catch::EndsWith("bytes"));
}

}  // namespace
}  // namespace doris::server

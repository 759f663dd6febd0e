#include "admin/refusal_list.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace doris::admin {
namespace {

constexpr TimePoint kStart{std::chrono::hours{1}};

TEST_CASE("the last refusal of each name is kept, and only another one is news") {
  RefusalList refusals;
  CHECK(refusals.note({"a1", "10.0.0.1:7001", "why", kStart}));
  CHECK(refusals.note({"a2", "10.0.0.1:7011", "why", kStart}));
  CHECK_FALSE(refusals.note({"a1", "10.0.0.1:7001", "why", kStart + Millis{2000}}));
  CHECK(refusals.note({"a1", "10.0.0.1:7001", "another reason", kStart + Millis{4000}}));
  const auto list = refusals.list(kStart + Millis{4000});
  REQUIRE(list.size() == 2);
  CHECK(list[0].name == "a1");
  CHECK(list[0].reason == "another reason");
  CHECK(list[0].at == kStart + Millis{4000});
  CHECK(list[1].name == "a2");
}

TEST_CASE("a refusal is forgotten once the server was let in, or has long stopped asking") {
  RefusalList refusals;
  refusals.note({"a1", "10.0.0.1:7001", "why", kStart});
  refusals.note({"a2", "10.0.0.1:7011", "why", kStart});
  refusals.forget("a1");
  refusals.forget("nobody");
  const TimePoint end = kStart + RefusalList::kForgottenAfter;
  REQUIRE(refusals.list(end - Millis{1}).size() == 1);
  CHECK(refusals.list(end - Millis{1})[0].name == "a2");
  CHECK(refusals.list(end).empty());
}

TEST_CASE("of too many refused names the one that was refused longest ago makes room") {
  RefusalList refusals;
  const auto note = [&](size_t i) {
    refusals.note({"n" + std::to_string(i), "10.0.0.1:7001", "why", kStart + Millis{i}});
  };
  for (size_t i = 0; i <= RefusalList::kNamesMax; ++i)
    note(i);
  const auto list = refusals.list(kStart);
  CHECK(list.size() == RefusalList::kNamesMax);
  CHECK(std::ranges::count(list, "n0", &Refusal::name) == 0);
  CHECK(std::ranges::count(list, "n16", &Refusal::name) == 1);
}

TEST_CASE("what a refused server says of itself stays short and on one line") {
  RefusalList refusals;
  refusals.note({std::string(1000, 'n'), "10.0.0.1\n:1", std::string(5000, 'r'), kStart});
  const auto list = refusals.list(kStart);
  REQUIRE(list.size() == 1);
  CHECK(list[0].name.size() == RefusalList::kNameBytesMax);
  CHECK(list[0].reason.size() == RefusalList::kReasonBytesMax);
  CHECK(list[0].address == "10.0.0.1\\x0a:1");
}

}  // namespace
}  // namespace doris::admin

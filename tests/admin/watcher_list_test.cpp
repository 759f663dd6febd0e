#include "admin/watcher_list.h"

#include <catch2/catch.hpp>

namespace doris::admin {
namespace {

constexpr TimePoint kStart{std::chrono::hours{1}};

TEST_CASE("who polls is listed until its poll has been over for a while") {
  WatcherList watchers;
  watchers.polled("10.0.0.1:6379", 3, Millis{5000}, kStart);
  const TimePoint end = kStart + Millis{5000} + WatcherList::kGrace;
  REQUIRE(watchers.list(end - Millis{1}).size() == 1);
  CHECK(watchers.list(kStart)[0].address == "10.0.0.1:6379");
  CHECK(watchers.list(kStart)[0].epoch == 3);
  CHECK(watchers.list(end).empty());
}

TEST_CASE("the newest poll of a watcher is what counts") {
  WatcherList watchers;
  watchers.polled("10.0.0.1:6379", 3, Millis{0}, kStart);
  watchers.polled("10.0.0.1:6379", 4, Millis{0}, kStart + WatcherList::kGrace - Millis{1});
  const auto list = watchers.list(kStart + WatcherList::kGrace);
  REQUIRE(list.size() == 1);
  CHECK(list[0].epoch == 4);
}

TEST_CASE("the list is bounded, and the old make room for the new") {
  WatcherList watchers;
  for (size_t i = 0; i < WatcherList::kWatchersMax + 5; ++i) {
    watchers.polled(std::to_string(i), 1, Millis{0}, kStart);
  }
  CHECK(watchers.list(kStart).size() == WatcherList::kWatchersMax);
  watchers.polled("a new one", 1, Millis{0}, kStart + WatcherList::kGrace);
  CHECK(watchers.list(kStart + WatcherList::kGrace).size() == 1);
}

}  // namespace
}  // namespace doris::admin

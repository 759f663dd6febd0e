#include "server/update_log.h"

#include "tests/base/scratch_directory.h"
#include "tests/server/open_store.h"
#include "tests/server/scanned.h"

namespace doris::server {
namespace {

constexpr topology::NodeId kTarget = 12;
constexpr topology::NodeId kOther = 0x0d0c;

// A store whose log has entries of two targets and two vnodes, committed.
class LogStore : public OpenStore {
 public:
  explicit LogStore(const std::string& directory) : OpenStore(directory) {
    keep(kTarget, {1, "a"}, value_write(1, "one"));
    keep(kTarget, {2, "b"}, tombstone(2));
    keep(kTarget, {2, "c"}, value_write(3, "three"));
    keep(kOther, {1, "a"}, value_write(4, "four"));
    REQUIRE((*this)->commit().ok());
  }

  bool keep(topology::NodeId target, const KeyRef& key, const Write& write) {
    const auto result = (*this)->log_write(target, key, write);
    INFO(result.status().message());
    REQUIRE(result.ok());
    return result->applied;
  }
};

TEST_CASE("the log keeps writes by target, vnode and key, beside the records") {
  const ScratchDirectory directory;
  LogStore store(directory.file("s"));
  store.reopen();
  const std::vector<Scanned> entries = logged(*store, kTarget);
  REQUIRE(entries.size() == 3);
  CHECK((entries[0] == Scanned{1, "a", value_write(1, "").header, "one"}));
  CHECK(entries[1].vnode == 2);
  CHECK(entries[2].vnode == 2);
  CHECK((logged(*store, kOther) ==
         std::vector<Scanned>{{1, "a", value_write(4, "").header, "four"}}));
  CHECK(logged(*store, 13).empty());
  CHECK(store->log_targets() == std::vector<topology::NodeId>{kTarget, kOther});
  CHECK(scanned(*store, 1).empty());
  CHECK(store->digest(1) == VnodeDigest{});
}

TEST_CASE("of one key the log keeps the newest version only") {
  const ScratchDirectory directory;
  LogStore store(directory.file("s"));
  CHECK_FALSE(store.keep(kTarget, {1, "a"}, value_write(1, "one")));
  CHECK(store.keep(kTarget, {1, "a"}, value_write(9, "nine")));
  CHECK_FALSE(store.keep(kTarget, {1, "a"}, tombstone(8)));
  const auto refused = store->log_write(kTarget, {1, "a"}, value_write(8, "eight"));
  CHECK((refused->version == version_at(9)));
  CHECK_FALSE(refused->existed);
  REQUIRE(store->commit().ok());
  CHECK(logged(*store, kTarget)[0].value == "nine");
  CHECK(logged(*store, kTarget).size() == 3);
}

TEST_CASE("the log says beforehand whether a write makes it larger") {
  const ScratchDirectory directory;
  LogStore store(directory.file("s"));
  const auto grows = [&](const KeyRef& key, const Write& write) {
    const auto answer = store->log_grows(kTarget, key, write);
    REQUIRE(answer.ok());
    return *answer;
  };
  for (const Write& write : {value_write(5, "1"), value_write(6, "one"), tombstone(7),
                             value_write(4, "older"), value_write(8, "longer")}) {
    const uint64_t before = store->log_stats(kTarget).bytes;
    const bool foretold = grows({1, "a"}, write);
    store.keep(kTarget, {1, "a"}, write);
    CHECK(foretold == (store->log_stats(kTarget).bytes > before));
  }
  CHECK(grows({1, "a"}, value_write(10, "longer than all of them")));
  CHECK_FALSE(grows({1, "a"}, value_write(10, "longer")));
  CHECK_FALSE(grows({1, "a"}, value_write(8, "longer than all of them, and older")));
  CHECK(grows({1, "new"}, tombstone(10)));
  REQUIRE(store->commit().ok());
}

TEST_CASE("an entry keeps its expiry and is handed over though it has expired") {
  const ScratchDirectory directory;
  LogStore store(directory.file("s"));
  Write expired = value_write(20, "gone");
  expired.header.expires_at_ms = 1;
  REQUIRE(store.keep(kTarget, {1, "a"}, expired));
  CHECK((logged(*store, kTarget)[0] == Scanned{1, "a", expired.header, "gone"}));
}

TEST_CASE("an entry is dropped at its version or a higher one, and stays at a lower one") {
  const ScratchDirectory directory;
  LogStore store(directory.file("s"));
  REQUIRE(store.keep(kTarget, {1, "a"}, value_write(9, "nine")));
  CHECK_FALSE(*store->log_drop(kTarget, {1, "a"}, version_at(8)));
  CHECK(logged(*store, kTarget).size() == 3);
  CHECK(*store->log_drop(kTarget, {1, "a"}, version_at(9)));
  CHECK(*store->log_drop(kTarget, {2, "b"}, version_at(100)));
  CHECK_FALSE(*store->log_drop(kTarget, {2, "b"}, version_at(100)));
  CHECK_FALSE(*store->log_drop(kTarget, {1, "never there"}, version_at(100)));
  REQUIRE(store->commit().ok());
  CHECK(logged(*store, kTarget).size() == 1);
  CHECK(logged(*store, kOther).size() == 1);
}

TEST_CASE("clearing a target takes a bounded step at a time, and leaves the others alone") {
  const ScratchDirectory directory;
  LogStore store(directory.file("s"));
  CHECK(*store->log_clear(kTarget, 2) == 2);
  REQUIRE(store->commit().ok());
  CHECK(store->log_stats(kTarget).entries == 1);
  CHECK(*store->log_clear(kTarget, 2) == 1);
  CHECK(*store->log_clear(kTarget, 2) == 0);
  REQUIRE(store->commit().ok());
  store.reopen();
  CHECK(store->log_stats(kTarget) == LogStats{});
  CHECK(logged(*store, kTarget).empty());
  CHECK(store->log_targets() == std::vector<topology::NodeId>{kOther});
}

TEST_CASE("clearing stops early at large entries") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  const std::string large(5UL << 20, 'v');
  for (const char* key : {"a", "b", "c"}) {
    REQUIRE(store->log_write(kTarget, {1, key}, value_write(1, large)).ok());
    REQUIRE(store->commit().ok());
  }
  CHECK(*store->log_clear(kTarget, 100) == 2);
  REQUIRE(store->commit().ok());
  CHECK((store->log_stats(kTarget) == LogStats{1, 1 + large.size()}));
}

TEST_CASE("the log's statistics follow entries that are replaced, dropped and aborted") {
  const ScratchDirectory directory;
  LogStore store(directory.file("s"));
  const LogStats committed{3, 3 + 3 + 5};  // Keys of one byte; "one" and "three".
  CHECK(store->log_stats(kTarget) == committed);
  REQUIRE(store.keep(kTarget, {2, "c"}, value_write(9, "9")));
  CHECK((store->log_stats(kTarget) == LogStats{3, 3 + 3 + 1}));
  REQUIRE(*store->log_drop(kTarget, {1, "a"}, version_at(1)));
  CHECK((store->log_stats(kTarget) == LogStats{2, 2 + 1}));
  CHECK(store->batch_writes() == 2);
  CHECK(store->batch_bytes() == 1);
  SECTION("in process") {
    store->abort();
  }
  SECTION("by closing") {
    store.reopen();
  }
  CHECK(store->log_stats(kTarget) == committed);
  CHECK(stats_of(logged(*store, kTarget)) == committed);
}

}  // namespace
}  // namespace doris::server

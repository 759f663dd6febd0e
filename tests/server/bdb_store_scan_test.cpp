// Scans of a vnode, and the reclaim of its dead.
#include <set>

#include "base/limits.h"
#include "tests/base/scratch_directory.h"
#include "tests/server/open_store.h"
#include "tests/server/scanned.h"

namespace doris::server {
namespace {

constexpr int kKeys = 100;

// Keys in vnode 7, and one in each of its neighbours.
class FilledStore : public OpenStore {
 public:
  explicit FilledStore(const std::string& directory) : OpenStore(directory) {
    for (uint64_t i = 1; i <= kKeys; ++i)
      REQUIRE(write("key" + std::to_string(i), value_write(i, std::string(i, 'v'))).ok());
    for (const topology::Vnode vnode : {topology::Vnode{6}, topology::Vnode{8}})
      REQUIRE((*this)->write({vnode, "neighbour"}, value_write(1, "v"), Role::kPrimary, 0).ok());
    REQUIRE((*this)->commit().ok());
  }
};

TEST_CASE("pages of any size show each record of the vnode once, whole, in one order") {
  const ScratchDirectory directory;
  FilledStore store(directory.file("s"));
  const std::vector<Scanned> all = scanned(*store, 7);
  REQUIRE(all.size() == kKeys);
  std::set<std::string> keys;
  for (const Scanned& record : all) {
    keys.insert(record.key);
    CHECK(record.vnode == 7);
    CHECK(record.value.size() == record.header.version.hlc);
  }
  CHECK(keys.size() == kKeys);
  for (const size_t records_max : {1, 7, kKeys - 1, kKeys, kKeys + 1})
    CHECK((scanned(*store, 7, {.records_max = records_max, .bytes_max = 1UL << 30}) == all));
  CHECK((scanned(*store, 7, {.records_max = kKeys, .bytes_max = 1}) == all));
}

TEST_CASE("a page ends with the record that reaches its bytes") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  for (const char* key : {"a", "b", "c", "d"})
    REQUIRE(store.put(key, std::string(1000, 'v'), 1).ok());
  size_t visited = 0;
  const auto count = [&](const KeyRef&, const RecordView&) { ++visited; };
  const Page page{.records_max = 100, .bytes_max = 1500};
  const auto next = store->scan(7, page, Content::kRecords, count);
  CHECK(visited == 2);
  CHECK_FALSE(next->empty());
  // Without the values all fit.
  CHECK(store->scan(7, page, Content::kHeaders, count)->empty());
  CHECK(visited == 6);
}

TEST_CASE("a scan of headers shows what the records' would, without their values") {
  const ScratchDirectory directory;
  FilledStore store(directory.file("s"));
  REQUIRE(store.put("dead", "v", 200).ok());
  REQUIRE(store.write("dead", tombstone(201)).ok());
  Write expiring = value_write(202, "v");
  expiring.header.expires_at_ms = 1;
  REQUIRE(store.write("expired", expiring).ok());
  REQUIRE(store.write("large", value_write(203, std::string(100'000, 'v'))).ok());
  std::vector<Scanned> expected = scanned(*store, 7);
  for (Scanned& record : expected)
    record.value.clear();
  CHECK((scanned(*store, 7, kWholePage, Content::kHeaders) == expected));
}

TEST_CASE("a scan sees the open batch") {
  const ScratchDirectory directory;
  FilledStore store(directory.file("s"));
  REQUIRE(store.write("fresh", value_write(1, "v")).ok());
  CHECK(scanned(*store, 7).size() == kKeys + 1);
  // The kept cursor of the batch is where it was.
  REQUIRE(store.write("fresh", value_write(2, "w")).ok());
  store->abort();
  CHECK(scanned(*store, 7).size() == kKeys);
}

TEST_CASE("a scan goes on behind a position whose record is gone, and after a restart") {
  const ScratchDirectory directory;
  FilledStore store(directory.file("s"));
  const std::vector<Scanned> all = scanned(*store, 7);
  const auto ignore = [](const KeyRef&, const RecordView&) {};
  const auto position =
      store->scan(7, {.records_max = 10, .bytes_max = 1UL << 20}, Content::kHeaders, ignore);
  REQUIRE(store->write({7, all[9].key}, tombstone(1000), Role::kPrimary, 0).ok());
  REQUIRE(store->raise_floor(7, version_at(2000)).ok());
  REQUIRE(store->reclaim(7, kWholePage, 0).ok());
  REQUIRE(store->commit().ok());
  store.reopen();
  Page page = kWholePage;
  page.from = *position;
  std::vector<std::string> rest;
  REQUIRE(
      store
          ->scan(7, page, Content::kHeaders,
                 [&](const KeyRef& key, const RecordView&) { rest.emplace_back(key.physical_key); })
          ->empty());
  REQUIRE(rest.size() == kKeys - 10);
  CHECK(rest.front() == all[10].key);
}

TEST_CASE("a position of any bytes is taken, and shows no other vnode") {
  const ScratchDirectory directory;
  FilledStore store(directory.file("s"));
  for (const std::string& from :
       {std::string(1, '\0'), std::string("x"), std::string(kKeyBytesMax, '\xff')}) {
    Page page = kWholePage;
    page.from = from;
    const auto next =
        store->scan(7, page, Content::kRecords,
                    [](const KeyRef& key, const RecordView&) { REQUIRE(key.vnode == 7); });
    REQUIRE(next.ok());
    CHECK(next->empty());
  }
}

TEST_CASE("only tombstones and expired records below the floor are reclaimed") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  Write expired = value_write(5, "v");
  expired.header.expires_at_ms = OpenStore::kNow;
  Write expiring = value_write(5, "v");
  expiring.header.expires_at_ms = OpenStore::kNow + 1;
  Write young = value_write(10, "v");
  young.header.expires_at_ms = 1;
  REQUIRE(store.write("dead", tombstone(9)).ok());
  REQUIRE(store.write("young dead", tombstone(10)).ok());
  REQUIRE(store.write("live", value_write(1, "v")).ok());
  REQUIRE(store.write("1:expired", expired).ok());
  REQUIRE(store.write("1:expiring", expiring).ok());
  REQUIRE(store.write("1:young", young).ok());
  REQUIRE(store->write({8, "dead"}, tombstone(9), Role::kPrimary, 0).ok());
  REQUIRE(store->commit().ok());

  CHECK(store->reclaim(7, kWholePage, OpenStore::kNow)->empty());
  CHECK(store->batch_writes() == 0);  // There is no floor yet.
  REQUIRE(store->raise_floor(7, version_at(10, 0)).ok());
  CHECK(store->reclaim(7, kWholePage, OpenStore::kNow)->empty());
  CHECK(store->batch_writes() == 3);
  CHECK(store->live_keys()[0] == 1);
  CHECK(store->live_keys()[1] == 2);
  const bool committed = GENERATE(true, false);
  if (committed) REQUIRE(store->commit().ok());
  store.reopen();
  CHECK((*store->read({7, "dead"})).has_value() == !committed);
  CHECK((*store->read({7, "1:expired"})).has_value() == !committed);
  for (const char* key : {"young dead", "live", "1:expiring", "1:young"})
    CHECK((*store->read({7, key})).has_value());
  CHECK((*store->read({8, "dead"})).has_value());
  CHECK(store->live_keys()[1] == (committed ? 2 : 3));
  CHECK((store->floor(7) == (committed ? version_at(10, 0) : resp::Version{})));
  CHECK((store->floor(8) == resp::Version{}));
  CHECK(store->digest(7) == digest_of(scanned(*store, 7)));
}

TEST_CASE("a deleted key that was reclaimed does not come back with an older write") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  REQUIRE(store.write("k", tombstone(9)).ok());
  REQUIRE(store->raise_floor(7, version_at(10, 0)).ok());
  REQUIRE(store->reclaim(7, kWholePage, 0).ok());
  REQUIRE(store->commit().ok());
  store.reopen();
  const auto late = store.write("k", value_write(8, "old"), Role::kSecondary);
  CHECK_FALSE(late->applied);
  CHECK((late->version == version_at(10, 0)));
  CHECK(store.get("k") == std::nullopt);
  CHECK(store.write("k", value_write(11, "new"), Role::kSecondary)->applied);
  CHECK(store.get("k") == "new");
}

TEST_CASE("a record below a peer's floor is dropped, and counted; one above it stays") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  REQUIRE(store.put("old", "v", 5).ok());
  REQUIRE(store.put("new", "v", 15).ok());
  CHECK(*store->drop({7, "old"}, version_at(10, 0)));
  CHECK_FALSE(*store->drop({7, "new"}, version_at(10, 0)));
  CHECK_FALSE(*store->drop({7, "absent"}, version_at(10, 0)));
  REQUIRE(store->commit().ok());
  CHECK(store.get("old") == std::nullopt);
  CHECK(store.get("new") == "v");
  CHECK(store->live_keys()[0] == 1);
  CHECK(store->digest(7) == digest_of(scanned(*store, 7)));
}

TEST_CASE("a reclaim looks at one page and says where to go on") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  for (uint64_t i = 1; i <= 10; ++i)
    REQUIRE(store.write("key" + std::to_string(i), tombstone(i)).ok());
  REQUIRE(store->raise_floor(7, version_at(100)).ok());
  std::string position;
  for (size_t left = 10; left > 0; left -= 5) {
    REQUIRE(scanned(*store, 7).size() == left);
    const Page page{.from = position, .records_max = 5, .bytes_max = 1UL << 20};
    const auto next = store->reclaim(7, page, 0);
    REQUIRE_FALSE(next->empty());
    position = *next;
  }
  CHECK(store->digest(7) == VnodeDigest{});
}

}  // namespace
}  // namespace doris::server

#include "server/bdb_store.h"

#include <map>

#include "base/limits.h"
#include "base/random.h"
#include "tests/base/scratch_directory.h"
#include "tests/server/open_store.h"

namespace doris::server {
namespace {

TEST_CASE("reads see the open batch, and a commit keeps it") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  REQUIRE(store.write("a", value_write(1, "one")).ok());
  REQUIRE(store.write("b", value_write(2, "two")).ok());
  CHECK(store->batch_writes() == 2);
  CHECK(store->batch_bytes() == 6);
  CHECK(store.get("a") == "one");
  REQUIRE(store->commit().ok());
  CHECK(store->batch_writes() == 0);
  CHECK(store->batch_bytes() == 0);
  store.reopen();
  CHECK(store.get("a") == "one");
  CHECK(store.get("b") == "two");
}

TEST_CASE("an aborted batch leaves values, versions and counts as they were") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  REQUIRE(store.put("a", "old", 1).ok());
  REQUIRE(store.write("a", value_write(2, "new")).ok());
  REQUIRE(store.write("b", value_write(3, "new")).ok());
  REQUIRE(store.write("3:c", value_write(4, "new")).ok());
  CHECK(store->live_keys()[0] == 2);
  SECTION("in process") {
    store->abort();
  }
  SECTION("by closing") {
    store.reopen();
  }
  CHECK(store.get("a") == "old");
  CHECK(store.get("b") == std::nullopt);
  CHECK((*store->read_header({7, "a"}))->version.hlc == 1);
  CHECK(store->live_keys()[0] == 1);
  CHECK(store->live_keys()[3] == 0);
  CHECK(store->batch_writes() == 0);
}

TEST_CASE("commit and abort without a batch do nothing") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  CHECK(store->commit().ok());
  store->abort();
  CHECK(store->commit().ok());
}

TEST_CASE("the write rule holds within a batch as it does between batches") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  const bool committed = GENERATE(false, true);
  REQUIRE(store.write("k", value_write(10, "held")).ok());
  if (committed) REQUIRE(store->commit().ok());

  const auto retried = store.write("k", value_write(10, "held"));
  CHECK_FALSE((*retried).applied);
  CHECK((*retried).existed);

  const auto dropped = store.write("k", value_write(9, "late"), Role::kSecondary);
  CHECK_FALSE((*dropped).applied);
  CHECK(((*dropped).version == version_at(10)));
  CHECK(store.get("k") == "held");

  const auto raised = store.write("k", value_write(9, "raised"), Role::kPrimary);
  CHECK((*raised).applied);
  CHECK(((*raised).version > version_at(10)));
  CHECK(store.get("k") == "raised");
  CHECK(((*store->read_header({7, "k"}))->version == (*raised).version));
  REQUIRE(store->commit().ok());
  CHECK(store.get("k") == "raised");
}

TEST_CASE("existed tells of a live value only: not of a deleted or an expired one") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  CHECK_FALSE((*store.write("k", value_write(1, "v"))).existed);
  CHECK((*store.write("k", tombstone(2))).existed);
  CHECK_FALSE((*store.write("k", tombstone(3))).existed);
  Write expiring = value_write(4, "v");
  expiring.header.expires_at_ms = OpenStore::kNow + 1;
  CHECK_FALSE((*store.write("k", expiring)).existed);
  CHECK((*store.write("k", value_write(5, "v"))).existed);
  expiring.header.version.hlc = 6;
  expiring.header.expires_at_ms = OpenStore::kNow;
  REQUIRE(store.write("k", expiring).ok());
  CHECK_FALSE((*store.write("k", value_write(7, "v"))).existed);
}

TEST_CASE("tombstones and expired records are read as they are stored") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  Write expiring = value_write(1, "v");
  expiring.header.expires_at_ms = 5;
  REQUIRE(store.write("expired", expiring).ok());
  REQUIRE(store.write("dead", tombstone(2)).ok());
  CHECK((*store->read({7, "expired"}))->header == expiring.header);
  CHECK((*store->read({7, "expired"}))->value == "v");
  CHECK((*store->read({7, "dead"}))->header == tombstone(2).header);
  CHECK((*store->read_header({7, "dead"})) == tombstone(2).header);
  CHECK((*store->read({7, "absent"})) == std::nullopt);
  CHECK((*store->read_header({7, "absent"})) == std::nullopt);
}

TEST_CASE("one physical key in two vnodes is two records") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  REQUIRE(store->write({1, "k"}, value_write(1, "one"), Role::kPrimary, 0).ok());
  REQUIRE(store->write({2, "k"}, value_write(1, "two"), Role::kPrimary, 0).ok());
  CHECK((*store->read({1, "k"}))->value == "one");
  CHECK((*store->read({2, "k"}))->value == "two");
}

TEST_CASE("live keys are counted by namespace, and expired ones until they are reclaimed") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  Write expired = value_write(1, "v");
  expired.header.expires_at_ms = 1;
  REQUIRE(store.write("a", value_write(1, "v")).ok());
  REQUIRE(store.write("2:a", value_write(1, "v")).ok());
  REQUIRE(store.write("2:b", expired).ok());
  REQUIRE(store.write("2:c", tombstone(1)).ok());
  REQUIRE(store.write("2:c", tombstone(2)).ok());
  REQUIRE(store.write("a", value_write(2, "v")).ok());
  REQUIRE(store->commit().ok());
  for (int i = 0; i < 2; ++i) {
    REQUIRE(store->live_keys().size() == kNamespacesMax);
    CHECK(store->live_keys()[0] == 1);
    CHECK(store->live_keys()[2] == 2);
    store.reopen();
  }
  REQUIRE(store.write("2:a", tombstone(3)).ok());
  REQUIRE(store->commit().ok());
  CHECK(store->live_keys()[2] == 1);
  store.reopen();
  CHECK(store->live_keys()[2] == 1);
}

TEST_CASE("values of one byte to 64 MiB come back whole through a small cache") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  Random random(6);
  for (size_t bytes = 1; bytes <= 64UL << 20; bytes *= 8) {
    std::string value(bytes, '\0');
    for (size_t i = 0; i < bytes; i += 8)
      value[i] = static_cast<char>(random.next());
    REQUIRE(store.put("k", value, bytes).ok());
    CHECK((store.get("k") == value));
    CHECK((*store->read_header({7, "k"}))->version.hlc == bytes);
  }
  store.reopen();
  REQUIRE(store.put("k", "small again", 1UL << 30).ok());
  CHECK(store.get("k") == "small again");
}

TEST_CASE("the longest key is stored, found and replaced") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  const std::string key(kKeyBytesMax, 'k');
  REQUIRE(store.put(key, "one", 1).ok());
  REQUIRE(store.put(key, "two", 2).ok());
  store.reopen();
  CHECK(store.get(key) == "two");
}

TEST_CASE("a store that was taken offline refuses everything, and drops its batch") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  REQUIRE(store.put("k", "v", 1).ok());
  REQUIRE(store.write("k", value_write(2, "w")).ok());
  store->fail();
  CHECK(store->offline());
  CHECK(store->commit().code() == Code::kCorrupt);
  CHECK(store.write("k", value_write(3, "x")).code() == Code::kCorrupt);
  CHECK(store->read({7, "k"}).code() == Code::kCorrupt);
  CHECK(store->read_header({7, "k"}).code() == Code::kCorrupt);
  store.reopen();
  CHECK(store.get("k") == "v");
}

// What a store should hold, for the random test: values; nothing for a tombstone.
struct Model {
  std::map<std::string, RecordHeader> headers;
  std::map<std::string, std::string> values;
};

std::string random_key(Random& random) {
  const uint64_t name_space = random.below(4);
  const std::string prefix = name_space == 0 ? "" : std::to_string(name_space) + ":";
  return prefix + "key" + std::to_string(random.below(500));
}

Write random_write(Random& random, uint64_t hlc, std::string& value) {
  Write write;
  write.header.version = version_at(hlc, static_cast<uint32_t>(random.below(3)));
  write.header.tombstone = random.below(4) == 0;
  if (random.below(5) == 0)
    write.header.expires_at_ms = 1 + static_cast<int64_t>(random.next() >> 2);
  value.assign(write.header.tombstone ? 0 : random.below(random.below(50) == 0 ? 9000 : 200),
               static_cast<char>('a' + random.below(26)));
  write.value = value;
  return write;
}

// The rule in other words than the store's: what a write makes of the model.
void apply(Model& model, const std::string& key, const Write& write, const WriteResult& result) {
  if (!result.applied) return;
  model.headers[key] = write.header;
  model.headers[key].version = result.version;
  model.values[key] = write.value;
}

void check_equal(OpenStore& store, const Model& model) {
  uint64_t live = 0;
  for (const auto& [key, header] : model.headers) {
    const auto record = store->read({7, key});
    REQUIRE(record.ok());
    REQUIRE(record->has_value());
    REQUIRE((*record)->header == header);
    REQUIRE((*record)->value == model.values.at(key));
    live += header.tombstone ? 0 : 1;
  }
  uint64_t counted = 0;
  for (const uint64_t count : store->live_keys())
    counted += count;
  REQUIRE(counted == live);
}

TEST_CASE("100000 random operations with aborts and reopenings leave what a map would hold") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  Random random(7);
  Model committed;
  Model batch;
  std::string value;
  for (uint64_t i = 1; i <= 100'000; ++i) {
    const std::string key = random_key(random);
    const bool held = batch.headers.contains(key);
    if (random.below(3) == 0) {
      const auto header = store->read_header({7, key});
      REQUIRE((*header).has_value() == held);
      if (held) REQUIRE(**header == batch.headers.at(key));
      continue;
    }
    const Role role = random.below(2) == 0 ? Role::kPrimary : Role::kSecondary;
    const uint64_t hlc = i > 200 ? i - random.below(200) : i;
    const Write write = random_write(random, hlc, value);
    const auto result = store.write(key, write, role);
    REQUIRE(result.ok());
    const bool newer = !held || write.header.version > batch.headers.at(key).version;
    const bool equal = held && write.header.version == batch.headers.at(key).version;
    REQUIRE((*result).applied == (newer || (role == Role::kPrimary && !equal)));
    apply(batch, key, write, *result);
    if (random.below(20) != 0) continue;
    if (random.below(4) == 0) {
      store->abort();
      batch = committed;
    } else {
      REQUIRE(store->commit().ok());
      committed = batch;
    }
    if (random.below(500) == 0) {
      store.reopen();
      check_equal(store, committed);
    }
  }
  store.reopen();
  check_equal(store, committed);
}

}  // namespace
}  // namespace doris::server

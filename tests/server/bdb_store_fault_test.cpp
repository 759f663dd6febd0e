// A store whose process is killed, whose disk is full, or whose files rot.
#include <map>

#include "base/random.h"
#include "tests/base/scratch_directory.h"
#include "tests/server/open_store.h"
#include "tests/server/scanned.h"
#include "tests/support/child.h"
#include "tests/support/damage.h"
#include "tests/support/small_disk.h"

namespace doris::server {
namespace {

constexpr int kKeys = 300;
constexpr topology::Vnode kVnode = 7;
constexpr topology::NodeId kTarget = 12;

std::string key_of(uint64_t number) {
  const std::string key = "key" + std::to_string(number % kKeys);
  return number % 3 == 0 ? "1:" + key : key;
}

struct Expected {
  std::map<std::string, std::string> values;  // Live ones only.
  std::map<std::string, std::string> log;     // Entries of the update log, tombstones as "".
  uint64_t batches = 0;
};

// One write of the load to the store: as a record, and sometimes in the log as well, from
// which its entries go again.
Status write_one(BdbStore& store, const std::string& key, const Write& write, bool logs,
                 bool drops) {
  const auto written = store.write({kVnode, key}, write, Role::kPrimary, OpenStore::kNow);
  if (!written.ok()) return written.status();
  if (logs) {
    const auto kept = store.log_write(kTarget, {kVnode, key}, write);
    if (!kept.ok()) return kept.status();
  }
  if (drops) {
    const auto dropped = store.log_drop(kTarget, {kVnode, key}, write.header.version);
    if (!dropped.ok()) return dropped.status();
  }
  return Status::okay();
}

// The next batch of a load that a seed determines: one to sixteen puts and deletes. Writes
// it to the store, unless that is nullptr, and to the model.
Status write_batch(Random& random, BdbStore* store, Expected& model) {
  const uint64_t writes = 1 + random.below(16);
  ++model.batches;
  for (uint64_t i = 0; i < writes; ++i) {
    const std::string key = key_of(random.next());
    const uint64_t hlc = model.batches * 16 + i;
    const bool deletes = random.below(4) == 0;
    const bool logs = random.below(2) == 0;
    const bool drops = random.below(4) == 0;
    const std::string value = std::to_string(hlc) + std::string(random.below(3000), 'v');
    const Write write = deletes ? tombstone(hlc) : value_write(hlc, value);
    if (store != nullptr) DORIS_RETURN_IF_ERROR(write_one(*store, key, write, logs, drops));
    if (logs) model.log[key] = write.value;
    if (drops) model.log.erase(key);
    if (deletes) {
      model.values.erase(key);
    } else {
      model.values[key] = value;
    }
  }
  return store == nullptr ? Status::okay() : store->commit();
}

// The child's load: on and on, a byte for every batch that is committed.
int write_until_killed(const BdbStore::Options& options, uint64_t seed, Expected model, int pipe) {
  auto store = BdbStore::open(options);
  if (!store.ok()) return 1;
  Random random(seed);
  for (int i = 0; i < 100'000; ++i) {
    if (!write_batch(random, store->get(), model).ok()) return 1;
    if (i % 100 == 99 && !(*store)->environment().checkpoint().ok()) return 1;
    if (::write(pipe, "x", 1) != 1) return 1;
  }
  return 0;
}

bool log_holds(OpenStore& store, const Expected& model) {
  const std::vector<Scanned> entries = logged(*store, kTarget);
  std::map<std::string, std::string> log;
  for (const Scanned& entry : entries)
    log.emplace(entry.key, entry.value);
  return log == model.log && store->log_stats(kTarget) == stats_of(entries);
}

// Records, log and the numbers about both.
bool holds(OpenStore& store, const Expected& model) {
  uint64_t live = 0;
  for (uint64_t number = 0; number < 3 * kKeys; ++number) {
    const std::string key = key_of(number);
    const auto found = store.get(key);
    const auto expected = model.values.find(key);
    if (found.has_value() != (expected != model.values.end())) return false;
    if (found && *found != expected->second) return false;
  }
  for (const uint64_t count : store->live_keys())
    live += count;
  return live == model.values.size() && log_holds(store, model) &&
         store->digest(kVnode) == digest_of(scanned(*store, kVnode));
}

TEST_CASE("a process killed under load keeps every batch it acknowledged, whole, and its numbers") {
  const ScratchDirectory directory;
  BdbStore::Options options = small_options(directory.file("s"));
  options.durability = GENERATE(bdb::Durability::kWrite, bdb::Durability::kSync);
  const uint64_t seed = Random::entropy();
  INFO("seed " << seed);
  Random random(seed);
  Expected model;
  for (int round = 0; round < 6; ++round) {
    const uint64_t load_seed = random.next();
    int acknowledged = 0;
    {
      Child child([&](int pipe) { return write_until_killed(options, load_seed, model, pipe); });
      const auto enough = static_cast<int>(1 + random.below(400));
      char byte;
      while (acknowledged < enough && child.read_byte(byte))
        ++acknowledged;
      REQUIRE(acknowledged == enough);
      child.kill();
      while (child.read_byte(byte))
        ++acknowledged;
    }
    Random load(load_seed);
    for (int i = 0; i < acknowledged; ++i)
      REQUIRE(write_batch(load, nullptr, model).ok());
    // The batch that it was killed in is there, or is not.
    Expected one_more = model;
    REQUIRE(write_batch(load, nullptr, one_more).ok());
    OpenStore store(options);
    const bool kept = holds(store, model);
    INFO("round " << round << ", " << acknowledged << " batches acknowledged");
    REQUIRE((kept || holds(store, one_more)));
    if (!kept) model = one_more;
  }
}

TEST_CASE("a full disk fails the batch alone: reads go on, and writes resume with room") {
  const ScratchDirectory directory;
  SmallDisk disk(directory.file(""), 64);
  if (!disk.mounted()) {
    WARN("SKIPPED: mounting a file system needs root");
    return;
  }
  OpenStore store(directory.file("s"));
  Random random(8);
  Expected model;
  for (int i = 0; i < 100; ++i)
    REQUIRE(write_batch(random, &*store, model).ok());
  disk.fill_but(512 * 1024);
  Status status = Status::okay();
  Expected refused = model;
  for (int i = 0; i < 1000 && status.ok(); ++i) {
    model = refused;
    status = write_batch(random, &*store, refused);
  }
  CHECK(status.code() == Code::kNoSpace);
  store->abort();
  CHECK_FALSE(store->offline());
  CHECK(holds(store, model));

  disk.free_room();
  model.batches = refused.batches;
  for (int i = 0; i < 50; ++i)
    REQUIRE(write_batch(random, &*store, model).ok());
  CHECK(holds(store, model));
  store.reopen();
  CHECK(holds(store, model));
}

TEST_CASE("a restart on a full disk is refused without harm, and succeeds with room") {
  const ScratchDirectory directory;
  SmallDisk disk(directory.file(""), 64);
  if (!disk.mounted()) {
    WARN("SKIPPED: mounting a file system needs root");
    return;
  }
  const BdbStore::Options options = small_options(directory.file("s"));
  Expected model;
  int acknowledged = 0;
  {
    Child child([&](int pipe) { return write_until_killed(options, 9, model, pipe); });
    char byte;
    while (acknowledged < 99 && child.read_byte(byte))
      ++acknowledged;
    child.kill();
    while (child.read_byte(byte))
      ++acknowledged;
  }
  Random load(9);
  for (int i = 0; i < acknowledged; ++i)
    REQUIRE(write_batch(load, nullptr, model).ok());
  disk.fill_but(64 * 1024);
  CHECK(BdbStore::open(options).code() == Code::kNoSpace);

  disk.free_room();
  Expected one_more = model;
  REQUIRE(write_batch(load, nullptr, one_more).ok());
  OpenStore store(options);
  CHECK((holds(store, model) || holds(store, one_more)));
}

TEST_CASE("a scan that meets damage is an error and no end: the store goes offline") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  REQUIRE(store.put("k", "v", 1).ok());
  REQUIRE(store->log_write(kTarget, {kVnode, "k"}, value_write(1, "an entry to be damaged")).ok());
  REQUIRE(store->commit().ok());
  store.close();
  const std::string file = directory.file("s/handoff.db");
  const auto offsets = offsets_of(file, "an entry to be damaged");
  REQUIRE_FALSE(offsets.empty());
  flip_bit(file, offsets.front());

  store.open();
  CHECK(scanned(*store, kVnode).size() == 1);
  const auto page = store->log_scan(kTarget, kWholePage, [](const KeyRef&, const RecordView&) {});
  CHECK(page.code() == Code::kCorrupt);
  CHECK_THAT(page.status().message(), Catch::Contains("handoff.db"));
  CHECK(store->offline());
  CHECK(store->scan(kVnode, kWholePage, Content::kHeaders, {}).code() == Code::kCorrupt);
  CHECK(store->log_clear(kTarget, 1).code() == Code::kCorrupt);
  CHECK(store->reclaim(kVnode, kWholePage, 0).code() == Code::kCorrupt);
}

TEST_CASE("a flipped bit in a record is found: the store goes offline and names its file") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  REQUIRE(store.put("k", "a value to be damaged", 1).ok());
  store.close();
  const std::string file = directory.file("s/data.db");
  const auto offsets = offsets_of(file, "a value to be damaged");
  REQUIRE_FALSE(offsets.empty());
  flip_bit(file, offsets.front());

  store.open();
  const auto record = store->read({7, "k"});
  CHECK(record.code() == Code::kCorrupt);
  CHECK_THAT(record.status().message(), Catch::Contains("data.db"));
  CHECK(store->offline());
  CHECK(store->read({7, "other"}).status().message() == record.status().message());
  CHECK(store.write("other", value_write(1, "v")).code() == Code::kCorrupt);
}

}  // namespace
}  // namespace doris::server

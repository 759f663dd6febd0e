#include "server/maintenance.h"

#include <cerrno>
#include <chrono>
#include <map>
#include <thread>

#include "base/bdb/file_sync.h"
#include "tests/base/scratch_directory.h"
#include "tests/server/open_store.h"

namespace doris::server {
namespace {

constexpr uint64_t kMegabyte = 1024UL * 1024;

// Waits until `condition` holds, for 30 s at most.
bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 3000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(Millis{10});
  }
  return false;
}

// Failures that were reported, by shard.
class Failures {
 public:
  void add(uint32_t shard) {
    const std::lock_guard guard(mutex_);
    ++counts_[shard];
  }
  int count(uint32_t shard) {
    const std::lock_guard guard(mutex_);
    return counts_[shard];
  }

 private:
  std::mutex mutex_;
  std::map<uint32_t, int> counts_;
};

Maintenance::Options quick_options(const ScratchDirectory& directory, Failures& failures) {
  return {.directory = directory.file(""),
          .checkpoint_log_bytes = kMegabyte,
          .checkpoint_interval = Millis{3'600'000},
          .disk_free_bytes_min = 0,
          .on_failed = [&failures](uint32_t shard, const Status&) { failures.add(shard); },
          .flush_pause = Millis{5},
          .checkpoint_pause = Millis{5},
          .disk_pause = Millis{5}};
}

void write_megabyte(OpenStore& store, uint64_t hlc) {
  for (uint64_t i = 0; i < 64; ++i)
    REQUIRE(store.put("key" + std::to_string(i), std::string(16 * 1024, 'v'), hlc + i).ok());
}

TEST_CASE("writes are refused below the floor, and resume only well above it") {
  uint64_t free = 1000;
  DiskWatch watch(500, [&] { return Result<uint64_t>(free); });
  const auto allowed_at = [&](uint64_t bytes) {
    free = bytes;
    watch.look();
    return watch.writes_allowed();
  };
  CHECK(allowed_at(1000));
  CHECK(allowed_at(500));
  CHECK_FALSE(allowed_at(499));
  CHECK_FALSE(allowed_at(500));
  CHECK_FALSE(allowed_at(549));
  CHECK(allowed_at(550));
  CHECK(allowed_at(500));
}

TEST_CASE("a disk that cannot be asked changes nothing") {
  uint64_t free = 0;
  bool blind = false;
  DiskWatch watch(500, [&]() -> Result<uint64_t> {
    if (blind) return Status::io("no answer");
    return free;
  });
  watch.look();
  CHECK_FALSE(watch.writes_allowed());
  blind = true;
  watch.look();
  CHECK_FALSE(watch.writes_allowed());
  blind = false;
  free = 1000;
  watch.look();
  CHECK(watch.writes_allowed());
}

TEST_CASE("free space is what the file system says, and an absent directory is an error") {
  const ScratchDirectory directory;
  const auto bytes = free_bytes(directory.file(""));
  REQUIRE(bytes.ok());
  CHECK(*bytes <= std::filesystem::space(directory.file("")).capacity);
  CHECK(free_bytes(directory.file("absent")).code() == Code::kNotFound);
}

TEST_CASE("maintenance watches the disk, from its very start") {
  const ScratchDirectory directory;
  Failures failures;
  std::atomic<uint64_t> free{10};
  Maintenance::Options options = quick_options(directory, failures);
  options.disk_free_bytes_min = 100;
  options.free_bytes = [&] { return Result<uint64_t>(free.load()); };
  Maintenance maintenance(options, {});
  CHECK_FALSE(maintenance.writes_allowed());
  free = 1000;
  CHECK(eventually([&] { return maintenance.writes_allowed(); }));
  free = 10;
  CHECK(eventually([&] { return !maintenance.writes_allowed(); }));
}

TEST_CASE("a shard with much log is checkpointed, and one with little is left alone") {
  const ScratchDirectory directory;
  OpenStore busy(directory.file("busy"));
  OpenStore idle(directory.file("idle"));
  REQUIRE(idle.put("k", "v", 1).ok());
  const uint64_t idle_bytes = idle->environment().log_bytes_since_checkpoint();
  REQUIRE(idle_bytes > 0);
  Failures failures;
  Maintenance maintenance(quick_options(directory, failures),
                          {&busy->environment(), &idle->environment()});
  for (uint64_t round = 0; round < 3; ++round) {
    write_megabyte(busy, 1 + round * 64);
    CHECK(eventually([&] { return busy->environment().log_bytes_since_checkpoint() < kMegabyte; }));
  }
  CHECK(idle->environment().log_bytes_since_checkpoint() == idle_bytes);
  CHECK(failures.count(0) + failures.count(1) == 0);
}

TEST_CASE("a shard that has changed is checkpointed when the interval has passed") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  REQUIRE(store.put("k", "v", 1).ok());
  Failures failures;
  Maintenance::Options options = quick_options(directory, failures);
  options.checkpoint_interval = Millis{20};
  const uint64_t before = store->environment().log_bytes_since_checkpoint();
  Maintenance maintenance(options, {&store->environment()});
  CHECK(eventually([&] { return store->environment().log_bytes_since_checkpoint() < before; }));
}

TEST_CASE("requests go on while the helper threads work as fast as they can") {
  const ScratchDirectory directory;
  OpenStore one(directory.file("one"));
  OpenStore two(directory.file("two"));
  Failures failures;
  Maintenance::Options options = quick_options(directory, failures);
  options.checkpoint_log_bytes = 1;
  options.flush_pause = options.checkpoint_pause = options.disk_pause = Millis{0};
  {
    Maintenance maintenance(options, {&one->environment(), &two->environment()});
    for (uint64_t i = 1; i <= 2000; ++i) {
      OpenStore& store = i % 2 == 0 ? one : two;
      REQUIRE(store.put("key" + std::to_string(i), std::to_string(i), i).ok());
      REQUIRE(store.get("key" + std::to_string(i)) == std::to_string(i));
    }
  }
  CHECK(failures.count(0) + failures.count(1) == 0);
  one.reopen();
  two.reopen();
  for (uint64_t i = 1; i <= 2000; ++i)
    REQUIRE((i % 2 == 0 ? one : two).get("key" + std::to_string(i)) == std::to_string(i));
}

std::atomic<int> syncs{0};
std::atomic<bool> broken{false};

int sync_on_a_breaking_disk(int /*fd*/) {
  ++syncs;
  return broken ? EIO : 0;
}

TEST_CASE("a shard whose log cannot be synced fails once, and is not touched again") {
  const ScratchDirectory directory;
  bdb::replace_fdatasync(sync_on_a_breaking_disk);
  broken = false;
  {
    OpenStore store(directory.file("s"));
    REQUIRE(store.put("k", "v", 1).ok());
    Failures failures;
    Maintenance::Options options = quick_options(directory, failures);
    options.on_failed = [&](uint32_t shard, const Status&) {
      store->fail();
      failures.add(shard);
    };
    Maintenance maintenance(options, {&store->environment()});
    // The flusher has nothing to do until there is something that it can fail with.
    CHECK(eventually([&] { return syncs > 0; }));
    broken = true;
    (void)store.put("k", "w", 2);
    REQUIRE(eventually([&] { return failures.count(0) == 1; }));
    const int tried = syncs;
    broken = false;
    std::this_thread::sleep_for(Millis{50});  // Many pauses of the flusher's.
    CHECK(syncs == tried);
    CHECK(failures.count(0) == 1);
    CHECK(store->offline());
    CHECK(store->read({7, "k"}).code() == Code::kCorrupt);
  }
  bdb::replace_fdatasync(nullptr);
}

}  // namespace
}  // namespace doris::server

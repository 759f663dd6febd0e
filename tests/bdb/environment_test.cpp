#include "base/bdb/environment.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

#include "base/bdb/file_sync.h"
#include "tests/base/scratch_directory.h"
#include "tests/bdb/open_database.h"
#include "tests/support/child.h"

namespace doris::bdb {
namespace {

size_t log_files(const std::string& directory) {
  size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory))
    count += file.path().filename().string().starts_with("log.") ? 1 : 0;
  return count;
}

TEST_CASE("a second process is kept out, and told who is in") {
  const ScratchDirectory directory;
  const std::string path = directory.file("env");
  Child holder([&](int pipe) {
    const auto lock = DirectoryLock::acquire(path);
    if (!lock.ok() || ::write(pipe, "x", 1) != 1) return 1;
    return ::pause();
  });
  char byte;
  REQUIRE(holder.read_byte(byte));
  const auto env = Environment::open(small_options(path));
  CHECK(env.code() == Code::kExists);
  CHECK(env.status().message() == "data directory " + path +
                                      " is in use by another doris process (pid " +
                                      std::to_string(holder.pid()) + ")");
  holder.kill();
  CHECK(Environment::open(small_options(path)).ok());
}

TEST_CASE("a checkpoint starts the count of log bytes anew and lets old log files go") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  const std::string value(100'000, 'v');
  for (int i = 0; i < 100; ++i)
    REQUIRE(db.put("key", value).ok());
  CHECK(db.env().log_bytes_since_checkpoint() > 10'000'000);
  CHECK(log_files(directory.file("env")) > 2);
  REQUIRE(db.env().checkpoint().ok());
  CHECK(db.env().log_bytes_since_checkpoint() < 10'000);
  REQUIRE(db.env().flush_log().ok());
  CHECK(log_files(directory.file("env")) <= 2);
}

TEST_CASE("the synced LSN rises with what is on the disk, and no end of a process lowers it") {
  const ScratchDirectory directory;
  const std::string path = directory.file("env");
  const std::string value(1000, 'v');
  uint64_t before = 0;
  {
    OpenDatabase db(path);
    before = db.env().synced_lsn();
    CHECK(before > 0);
    REQUIRE(db.put("key", value, Durability::kWrite).ok());
    CHECK(db.env().synced_lsn() == before);  // Written, and not synced.
    REQUIRE(db.env().flush_log().ok());
    CHECK(db.env().synced_lsn() > before + value.size());
    const uint64_t flushed = db.env().synced_lsn();
    REQUIRE(db.put("key", value, Durability::kSync).ok());
    CHECK(db.env().synced_lsn() > flushed);
    before = db.env().synced_lsn();
  }
  // kill -9, some log files later.
  Child writer([&](int pipe) {
    OpenDatabase db(path);
    for (int i = 0; i < 50; ++i)
      if (!db.put("key", std::string(100'000, 'v'), Durability::kSync).ok()) return 1;
    const uint64_t lsn = db.env().synced_lsn();
    if (::write(pipe, &lsn, sizeof(lsn)) != sizeof(lsn)) return 1;
    return ::pause();
  });
  uint64_t told = 0;
  for (size_t i = 0; i < sizeof(told); ++i)
    REQUIRE(writer.read_byte(reinterpret_cast<char*>(&told)[i]));
  writer.kill();
  CHECK(told > before);
  OpenDatabase db(path);
  CHECK(db.env().synced_lsn() >= told);
}

TEST_CASE("checkpoints and flushes beside the owner's writes disturb nothing") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  std::atomic<bool> stopping{false};
  std::atomic<int> failures{0};
  std::thread checkpointer([&] {
    while (!stopping)
      failures += db.env().checkpoint().ok() ? 0 : 1;
  });
  std::thread flusher([&] {
    while (!stopping) {
      failures += db.env().flush_log().ok() ? 0 : 1;
      (void)db.env().log_bytes_since_checkpoint();
    }
  });
  for (int i = 0; i < 3000; ++i) {
    const std::string number = std::to_string(i);
    const Status status = db.put("key " + std::to_string(i % 500), number + std::string(500, 'v'));
    if (!status.ok()) FAIL(status.message());
    if (db.get("key " + std::to_string(i % 500)) != number + std::string(500, 'v')) FAIL(number);
  }
  stopping = true;
  checkpointer.join();
  flusher.join();
  CHECK(failures == 0);
}

std::atomic<int> syncs{0};

int failing_sync(int /*fd*/) {
  ++syncs;
  return EIO;
}

int full_sync(int /*fd*/) {
  return ENOSPC;
}

struct BrokenDisk {
  explicit BrokenDisk(SyncFunction function) { replace_fdatasync(function); }
  ~BrokenDisk() { replace_fdatasync(nullptr); }
};

TEST_CASE("a failed sync of the log is final: it is not tried again, and nothing else is") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  REQUIRE(db.put("key", "before", Durability::kSync).ok());
  {
    const BrokenDisk broken(failing_sync);
    syncs = 0;
    CHECK_FALSE(db.put("key", "during", Durability::kSync).ok());
    CHECK(syncs == 1);
  }
  CHECK(db.env().panicked());
  CHECK(db.put("key", "after").code() == Code::kCorrupt);
  CHECK(db.env().flush_log().code() == Code::kCorrupt);
  CHECK(db.env().checkpoint().code() == Code::kCorrupt);
  std::string value;
  CHECK(db.database().get(nullptr, "key", value).code() == Code::kCorrupt);
  db.close();
  db.open();
  CHECK(db.get("key").has_value());
}

TEST_CASE("a sync that finds the disk full is a failed sync, not a lack of room") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  const BrokenDisk broken(full_sync);
  REQUIRE(db.put("key", "value", Durability::kWrite).ok());
  CHECK(db.env().flush_log().code() == Code::kCorrupt);
}

TEST_CASE("a checkpoint whose pages cannot be synced fails") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  REQUIRE(db.put("key", "value").ok());
  const BrokenDisk broken(failing_sync);
  const Status status = db.env().checkpoint();
  CHECK_FALSE(status.ok());
  CHECK(status.code() != Code::kNoSpace);
}

}  // namespace
}  // namespace doris::bdb

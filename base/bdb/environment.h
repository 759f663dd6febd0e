// Environment: one Berkeley DB environment in one directory. The only room that knows
// db.h: the data servers keep records in it, the admin its topology.
//
//   auto env = Environment::open({.directory = dir, ...});
//   auto db = Database::open(**env, "data.db");               // database.h
//   auto txn = Transaction::begin(**env);                     // transaction.h
//   DORIS_RETURN_IF_ERROR((*db)->put(**txn, key, value));
//   return (*txn)->commit(Durability::kSync);
//
// The environment is private to the process and has no lock subsystem, so that an
// operation costs a third less and can never deadlock. That is legal under one rule:
//
//   ONE thread, the owner, opens, reads, writes, begins and commits. Other threads may
//   call only checkpoint(), flush_log() and the const members marked "any thread".
//
// open() always runs recovery; after a clean close that costs some 20 ms. A lock on the
// directory keeps a second process out.
//
// When Berkeley DB finds damage it panics, and when a sync of a file fails we make it panic
// (file_sync.h): every call then fails with kCorrupt until the process has restarted.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bdb/directory_lock.h"
#include "base/bdb/messages.h"
#include "base/status.h"

struct __db_env;  // DB_ENV

namespace doris::bdb {

class Environment {
 public:
  struct Options {
    std::string directory;      // Made if absent.
    uint64_t cache_bytes;       // >= 1 MiB.
    uint64_t log_file_bytes;    // >= 1 MiB, < 4 GiB; a log file's size.
    uint64_t log_buffer_bytes;  // < log_file_bytes / 4.
  };

  // kExists: another process holds the directory. kNoSpace: not enough room to recover;
  // nothing was touched. kCorrupt: names the file and what Berkeley DB said of it.
  static Result<std::unique_ptr<Environment>> open(const Options& options);

  // Closes: checkpoints, so that the next open() has nothing to recover. REQUIRES: all
  // databases, cursors and transactions are gone, and no other thread is inside a call.
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // Writes dirty pages and lets old log files be removed. Any thread; one at a time.
  // kNoSpace may be tried again; after any other error the environment is lost.
  Status checkpoint();

  // Forces the log to the disk. Any thread; one at a time. Errors as for checkpoint().
  Status flush_log();

  // Bytes of log written since the last checkpoint; 0 after a panic. Any thread.
  [[nodiscard]] uint64_t log_bytes_since_checkpoint() const;

  // The log sequence number up to which the log is on the disk: its file << 32 | the offset there;
  // 0 after a panic. Unless the directory is replaced by an older copy, it never falls, not by a
  // crash or a restart either. Any thread.
  [[nodiscard]] uint64_t synced_lsn() const;

  // Whether Berkeley DB has panicked. Any thread.
  [[nodiscard]] bool panicked() const { return panicked_.load(std::memory_order_acquire); }

  [[nodiscard]] const std::string& directory() const { return options_.directory; }

 private:
  friend class Database;
  friend class Transaction;
  friend class Cursor;
  Environment(Options options, DirectoryLock lock);

  Status configure();
  static void on_message(const __db_env* env, const char* prefix, const char* message);
  static void on_event(__db_env* env, uint32_t event, void* info);

  // The Status for what Berkeley DB returned, with its last own words added. `what` is what
  // was tried, or the file that it was tried on. Any thread.
  Status outcome(int code, std::string_view what);
  Status error(int code, std::string_view what);  // REQUIRES: code is not 0.
  void panic();

  // Constant after open().
  const Options options_;
  DirectoryLock lock_;
  __db_env* env_ = nullptr;

  // Thread-safe by themselves.
  std::atomic<bool> panicked_{false};
  Messages messages_;
};

}  // namespace doris::bdb

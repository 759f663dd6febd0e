// Environment: one Berkeley DB environment in one directory. The only room that knows
// db.h: the data servers keep records in it, the admin its topology.
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
// When Berkeley DB finds damage it panics: every call then fails with kCorrupt, and
// stays so until the process has restarted. Nothing here retries a failed fsync.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

struct __db_env;  // DB_ENV
struct __db;      // DB
struct __db_txn;  // DB_TXN
struct __dbc;     // DBC

namespace doris::bdb {

enum class Durability : uint8_t {
  kSync,   // The log is on the disk when commit() returns.
  kWrite,  // The operating system has the log: survives a killed process.
};

class Environment {
 public:
  struct Options {
    std::string directory;      // Made if absent.
    uint64_t cache_bytes;       // >= 1 MiB.
    uint64_t log_file_bytes;    // >= 1 MiB; a log file's size.
    uint64_t log_buffer_bytes;  // < log_file_bytes / 4.
  };

  // kExists: another process holds the directory. kNoSpace: not enough room to recover;
  // nothing was touched. kCorrupt: names the file and what Berkeley DB said of it.
  static Result<std::unique_ptr<Environment>> open(const Options& options);

  // Closes: checkpoints, so that the next open() has nothing to recover. REQUIRES: all
  // databases and transactions are gone, and no other thread is inside a call.
  ~Environment();

  // Writes dirty pages and lets old log files be removed. Any thread; one at a time.
  Status checkpoint();

  // Forces the log to the disk. Any thread; one at a time.
  Status flush_log();

  // Bytes of log written since the last checkpoint. Any thread.
  [[nodiscard]] uint64_t log_bytes_since_checkpoint() const;

  // Whether Berkeley DB has panicked, and the message it gave. Any thread.
  [[nodiscard]] bool panicked() const { return panicked_.load(std::memory_order_relaxed); }

  [[nodiscard]] const std::string& directory() const { return options_.directory; }

 private:
  friend class Database;
  friend class Transaction;
  friend class Cursor;
  explicit Environment(Options options);

  // The Status for a Berkeley DB return value, with its last own words added.
  Status error(int code, std::string_view what) const;

  const Options options_;
  __db_env* env_ = nullptr;
  int lock_fd_ = -1;
  std::atomic<bool> panicked_{false};
  struct Messages;  // What Berkeley DB printed, rate-limited. Guarded by its own mutex.
  std::unique_ptr<Messages> messages_;
};

// One transaction of the owner thread. Aborted when destroyed before commit().
class Transaction {
 public:
  static Result<std::unique_ptr<Transaction>> begin(Environment& env);
  ~Transaction();

  // The transaction is over, whatever the result. kNoSpace: nothing of it was kept.
  Status commit(Durability durability);
  void abort();

 private:
  friend class Database;
  friend class Cursor;
  Transaction(Environment& env, __db_txn* txn) : env_(env), txn_(txn) {}
  Environment& env_;
  __db_txn* txn_;
};

// One B-tree file of an environment, pages of 8 KiB with checksums.
class Database {
 public:
  // Opens or makes `file`. kCorrupt names the file.
  static Result<std::unique_ptr<Database>> open(Environment& env, const std::string& file);
  ~Database();

  // Reads into `value`, replacing its content. False if absent. `txn` may be nullptr:
  // the read then sees what the owner has written, committed or not.
  Result<bool> get(Transaction* txn, std::string_view key, std::string& value);
  Status put(Transaction& txn, std::string_view key, std::string_view value);
  Result<bool> remove(Transaction& txn, std::string_view key);  // False if absent.

  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  friend class Cursor;
  Database(Environment& env, std::string file) : env_(env), file_(std::move(file)) {}
  Environment& env_;
  const std::string file_;
  __db* db_ = nullptr;
};

// A position in a database. Kept for a whole transaction: opening one per operation
// costs a third of a write. Destroy it before its transaction ends.
class Cursor {
 public:
  static Result<std::unique_ptr<Cursor>> open(Database& database, Transaction* txn);
  ~Cursor();

  // Moves to `key` and reads the first `prefix_bytes` of its value (fewer if it is
  // shorter) into `prefix`. False, and no position, if absent.
  Result<bool> seek(std::string_view key, size_t prefix_bytes, std::string& prefix);

  // Replaces the value at the position. REQUIRES: the last seek() found its key.
  Status replace(std::string_view value);

  // Adds a key. REQUIRES: the last seek() was for `key` and did not find it.
  Status insert(std::string_view key, std::string_view value);

  // Moves to the first key >= `key` (seek_range) or the one after (next) and reads both.
  // False at the end. A scan error is an error, never an end.
  Result<bool> seek_range(std::string_view at_least, std::string& key, std::string& value);
  Result<bool> next(std::string& key, std::string& value);

 private:
  Cursor(Database& database, __dbc* cursor) : database_(database), cursor_(cursor) {}
  Database& database_;
  __dbc* cursor_;
};

}  // namespace doris::bdb

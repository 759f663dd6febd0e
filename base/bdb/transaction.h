// Transaction: what happens together or not at all. One thread, the environment's owner.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bdb/environment.h"
#include "base/status.h"

struct __db_txn;  // DB_TXN

namespace doris::bdb {

enum class Durability : uint8_t {
  kSync,   // The log is on the disk when commit() returns.
  kWrite,  // The operating system has the log: survives a killed process.
};

// Aborted when destroyed before commit(). Its cursors must be gone when it ends.
class Transaction {
 public:
  static Result<std::unique_ptr<Transaction>> begin(Environment& env);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // The transaction is over, whatever the result. kNoSpace: nothing of it was kept.
  // REQUIRES: neither commit() nor abort() was called.
  Status commit(Durability durability);

  // No-op when it is over.
  void abort();

 private:
  friend class Database;
  friend class Cursor;
  Transaction(Environment& env, __db_txn* txn) : env_(env), txn_(txn) {}

  Environment& env_;
  __db_txn* txn_;  // nullptr when over.
};

}  // namespace doris::bdb

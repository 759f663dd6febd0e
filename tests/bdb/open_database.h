// OpenDatabase: an environment with one database, which a test can close and open again.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bdb/cursor.h"
#include "base/bdb/database.h"
#include "base/bdb/environment.h"
#include "base/bdb/transaction.h"

namespace doris::bdb {

inline Environment::Options small_options(const std::string& directory) {
  return {.directory = directory,
          .cache_bytes = 16UL << 20,
          .log_file_bytes = 4UL << 20,
          .log_buffer_bytes = 256UL << 10};
}

class OpenDatabase {
 public:
  explicit OpenDatabase(const std::string& directory) : directory_(directory) { open(); }

  void open() {
    auto env = Environment::open(small_options(directory_));
    INFO(env.status().message());
    REQUIRE(env.ok());
    env_ = *std::move(env);
    auto database = Database::open(*env_, "data.db");
    INFO(database.status().message());
    REQUIRE(database.ok());
    database_ = *std::move(database);
  }
  void close() {
    database_.reset();
    env_.reset();
  }

  Environment& env() { return *env_; }
  Database& database() { return *database_; }

  std::unique_ptr<Transaction> begin() {
    auto txn = Transaction::begin(*env_);
    REQUIRE(txn.ok());
    return *std::move(txn);
  }

  // A transaction of its own.
  Status put(std::string_view key, std::string_view value,
             Durability durability = Durability::kWrite) {
    auto txn = Transaction::begin(*env_);
    if (!txn.ok()) return txn.status();
    DORIS_RETURN_IF_ERROR(database_->put(**txn, key, value));
    return (*txn)->commit(durability);
  }

  // Fails the test on an error.
  std::optional<std::string> get(std::string_view key) {
    std::string value;
    const Result<bool> found = database_->get(nullptr, key, value);
    INFO(found.status().message());
    REQUIRE(found.ok());
    return *found ? std::optional(value) : std::nullopt;
  }

 private:
  const std::string directory_;
  std::unique_ptr<Environment> env_;
  std::unique_ptr<Database> database_;
};

}  // namespace doris::bdb

// Database: one B-tree file of an environment, pages of 8 KiB with checksums. Keys are
// ordered by their bytes. One thread, the environment's owner.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bdb/environment.h"
#include "base/bdb/transaction.h"
#include "base/status.h"

struct __db;  // DB

namespace doris::bdb {

class Database {
 public:
  // Opens or makes `file`, a name within the environment's directory. kCorrupt names it.
  static Result<std::unique_ptr<Database>> open(Environment& env, const std::string& file);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Reads into `value`, replacing its content; a buffer that is kept from call to call is
  // not allocated anew. False if absent. `txn` may be nullptr: the read then sees what the
  // owner has written, committed or not.
  Result<bool> get(Transaction* txn, std::string_view key, std::string& value);

  // Reads only the first `prefix_bytes` of the value (fewer if it is shorter).
  Result<bool> get_prefix(Transaction* txn, std::string_view key, size_t prefix_bytes,
                          std::string& prefix);

  Status put(Transaction& txn, std::string_view key, std::string_view value);
  Result<bool> remove(Transaction& txn, std::string_view key);  // False if absent.

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const std::string& path() const { return path_; }  // With the directory.

 private:
  friend class Cursor;
  Database(Environment& env, std::string file)
      : env_(env), file_(std::move(file)), path_(env.directory() + "/" + file_) {}

  Environment& env_;
  const std::string file_;
  const std::string path_;  // For errors.
  __db* db_ = nullptr;
};

}  // namespace doris::bdb

// Cursor: a position in a database. Kept for a whole transaction: opening one per
// operation costs a third of a write. One thread, the environment's owner.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bdb/database.h"
#include "base/bdb/transaction.h"
#include "base/status.h"

struct __dbc;  // DBC

namespace doris::bdb {

class Output;  // dbt.h

// Destroy it before its transaction ends.
class Cursor {
 public:
  // `txn` may be nullptr for a cursor that only reads.
  static Result<std::unique_ptr<Cursor>> open(Database& database, Transaction* txn);
  ~Cursor();
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  // Moves to `key` and reads the first `prefix_bytes` of its value (fewer if it is
  // shorter) into `prefix`. False, and no position, if absent.
  Result<bool> seek(std::string_view key, size_t prefix_bytes, std::string& prefix);

  // Replaces the value at the position. REQUIRES: the last seek() found its key.
  Status replace(std::string_view value);

  // Adds a key. REQUIRES: the last seek() was for `key` and did not find it.
  Status insert(std::string_view key, std::string_view value);

  // Moves to the first key >= `key` (seek_range) or the one after (next) and reads both.
  // False at the end. A scan error is an error, never an end. REQUIRES: `at_least` is not
  // `key` itself.
  Result<bool> seek_range(std::string_view at_least, std::string& key, std::string& value);
  Result<bool> next(std::string& key, std::string& value);

  // The same, but reads only the first `prefix_bytes` of the value (fewer if it is shorter).
  Result<bool> seek_range_prefix(std::string_view at_least, std::string& key, size_t prefix_bytes,
                                 std::string& prefix);
  Result<bool> next_prefix(std::string& key, size_t prefix_bytes, std::string& prefix);

 private:
  Cursor(Database& database, __dbc* cursor) : database_(database), cursor_(cursor) {}
  Result<bool> read_pair(uint32_t move, std::string_view at_least, std::string& key, Output value);
  Status put(std::string_view key, std::string_view value, uint32_t where);
  [[nodiscard]] Status error(int code) const;

  Database& database_;
  __dbc* cursor_;
};

}  // namespace doris::bdb

#include "base/bdb/cursor.h"

#include "base/bdb/dbt.h"

namespace doris::bdb {

Result<std::unique_ptr<Cursor>> Cursor::open(Database& database, Transaction* txn) {
  DBC* cursor = nullptr;
  DB* const db = database.db_;
  const int error = db->cursor(db, txn == nullptr ? nullptr : txn->txn_, &cursor, 0);
  if (error != 0) return database.env_.error(error, database.path_);
  return std::unique_ptr<Cursor>(new Cursor(database, cursor));
}

Cursor::~Cursor() {
  (void)cursor_->close(cursor_);
}

Result<bool> Cursor::seek(std::string_view key, size_t prefix_bytes, std::string& prefix) {
  DBT wanted = dbt_of(key);
  Output output(prefix, prefix_bytes);
  const int code = cursor_->get(cursor_, &wanted, output.dbt(), DB_SET);
  if (code == DB_NOTFOUND) return false;
  if (code != 0) return error(code);
  output.finish();
  return true;
}

Status Cursor::replace(std::string_view value) {
  return put({}, value, DB_CURRENT);
}

Status Cursor::insert(std::string_view key, std::string_view value) {
  return put(key, value, DB_KEYFIRST);
}

Status Cursor::put(std::string_view key, std::string_view value, uint32_t where) {
  DBT at = dbt_of(key);
  DBT what = dbt_of(value);
  return database_.env_.outcome(cursor_->put(cursor_, &at, &what, where), database_.path_);
}

Result<bool> Cursor::seek_range(std::string_view at_least, std::string& key, std::string& value) {
  return read_pair(DB_SET_RANGE, at_least, key, Output(value));
}

Result<bool> Cursor::next(std::string& key, std::string& value) {
  return read_pair(DB_NEXT, {}, key, Output(value));
}

Result<bool> Cursor::seek_range_prefix(std::string_view at_least, std::string& key,
                                       size_t prefix_bytes, std::string& prefix) {
  return read_pair(DB_SET_RANGE, at_least, key, Output(prefix, prefix_bytes));
}

Result<bool> Cursor::next_prefix(std::string& key, size_t prefix_bytes, std::string& prefix) {
  return read_pair(DB_NEXT, {}, key, Output(prefix, prefix_bytes));
}

Result<bool> Cursor::read_pair(uint32_t move, std::string_view at_least, std::string& key,
                               Output value) {
  Output key_output(key);
  for (;;) {
    // Each time anew: a read whose value did not fit may have left its key here.
    key_output.fill(at_least);
    const int code = cursor_->get(cursor_, key_output.dbt(), value.dbt(), move);
    if (code == DB_NOTFOUND) return false;
    if (code == 0) break;
    // A read that did not fit has not moved the cursor; each of the two may need one more.
    if (code != DB_BUFFER_SMALL) return error(code);
    const bool key_grown = key_output.grow();
    const bool value_grown = value.grow();
    if (!key_grown && !value_grown) return error(code);
  }
  key_output.finish();
  value.finish();
  return true;
}

Status Cursor::error(int code) const {
  return database_.env_.error(code, database_.path_);
}

}  // namespace doris::bdb

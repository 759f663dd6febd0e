#include "base/bdb/database.h"

#include <cerrno>

#include "base/bdb/dbt.h"
#include "base/bdb/page_bytes.h"

namespace doris::bdb {
namespace {

constexpr int kFileMode = 0640;

}  // namespace

Result<std::unique_ptr<Database>> Database::open(Environment& env, const std::string& file) {
  std::unique_ptr<Database> opened(new Database(env, file));
  int error = db_create(&opened->db_, env.env_, 0);
  if (error != 0) return env.error(error, opened->path_);
  DB* const db = opened->db_;
  error = db->set_pagesize(db, kPageBytes);
  if (error == 0) error = db->set_flags(db, DB_CHKSUM);
  if (error == 0) {
    error = db->open(db, nullptr, file.c_str(), nullptr, DB_BTREE,
                     DB_CREATE | DB_AUTO_COMMIT | DB_THREAD, kFileMode);
  }
  if (error == 0) return opened;
  const Status status = env.error(error, opened->path_);
  // Berkeley DB's word for a file whose first page makes no sense.
  return error == EINVAL ? Status::corrupt(status.message()) : status;
}

Database::~Database() {
  // Pages are written by checkpoints and by the environment's end; the log has them all.
  if (db_ != nullptr) (void)db_->close(db_, DB_NOSYNC);
}

Result<bool> Database::get(Transaction* txn, std::string_view key, std::string& value) {
  DBT wanted = dbt_of(key);
  Output output(value);
  DB_TXN* const within = txn == nullptr ? nullptr : txn->txn_;
  int error = db_->get(db_, within, &wanted, output.dbt(), 0);
  if (error == DB_BUFFER_SMALL && output.grow())
    error = db_->get(db_, within, &wanted, output.dbt(), 0);
  if (error == DB_NOTFOUND) return false;
  if (error != 0) return env_.error(error, path_);
  output.finish();
  return true;
}

Result<bool> Database::get_prefix(Transaction* txn, std::string_view key, size_t prefix_bytes,
                                  std::string& prefix) {
  DBT wanted = dbt_of(key);
  Output output(prefix, prefix_bytes);
  const int error = db_->get(db_, txn == nullptr ? nullptr : txn->txn_, &wanted, output.dbt(), 0);
  if (error == DB_NOTFOUND) return false;
  if (error != 0) return env_.error(error, path_);
  output.finish();
  return true;
}

Status Database::put(Transaction& txn, std::string_view key, std::string_view value) {
  DBT where = dbt_of(key);
  DBT what = dbt_of(value);
  return env_.outcome(db_->put(db_, txn.txn_, &where, &what, 0), path_);
}

Result<bool> Database::remove(Transaction& txn, std::string_view key) {
  DBT where = dbt_of(key);
  const int error = db_->del(db_, txn.txn_, &where, 0);
  if (error == DB_NOTFOUND) return false;
  if (error != 0) return env_.error(error, path_);
  return true;
}

}  // namespace doris::bdb

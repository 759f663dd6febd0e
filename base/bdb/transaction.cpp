#include "base/bdb/transaction.h"

#include <db.h>

#include <utility>

#include "base/check.h"

namespace doris::bdb {

Result<std::unique_ptr<Transaction>> Transaction::begin(Environment& env) {
  DB_TXN* txn = nullptr;
  const int error = env.env_->txn_begin(env.env_, nullptr, &txn, 0);
  if (error != 0) return env.error(error, "transaction in " + env.directory());
  return std::unique_ptr<Transaction>(new Transaction(env, txn));
}

Transaction::~Transaction() {
  abort();
}

Status Transaction::commit(Durability durability) {
  DORIS_CHECK(txn_ != nullptr, "a transaction ends once");
  DB_TXN* const txn = std::exchange(txn_, nullptr);
  const uint32_t flags = durability == Durability::kSync ? DB_TXN_SYNC : DB_TXN_WRITE_NOSYNC;
  return env_.outcome(txn->commit(txn, flags), env_.directory());
}

void Transaction::abort() {
  if (txn_ == nullptr) return;
  DB_TXN* const txn = std::exchange(txn_, nullptr);
  // An abort that cannot restore the pages makes Berkeley DB panic, which says it all.
  (void)txn->abort(txn);
}

}  // namespace doris::bdb

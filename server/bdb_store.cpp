#include "server/bdb_store.h"

#include <utility>

#include "base/log.h"

namespace doris::server {
namespace {

const Log kLog("store");

}  // namespace

Result<std::unique_ptr<BdbStore>> BdbStore::open(const Options& options) {
  Result<Files> files = open_files(options.environment);
  if (!files.ok()) return files.status();
  std::unique_ptr<BdbStore> store(new BdbStore(*std::move(files), options.durability));
  DORIS_RETURN_IF_ERROR(store->ledger_.load(*store->files_.meta));
  DORIS_RETURN_IF_ERROR(store->floors_.load(*store->files_.meta));
  return store;
}

Result<BdbStore::Files> BdbStore::open_files(const bdb::Environment::Options& options) {
  Files files;
  auto environment = bdb::Environment::open(options);
  if (!environment.ok()) return environment.status();
  files.environment = *std::move(environment);

  auto data = bdb::Database::open(*files.environment, std::string(kDataFile));
  if (!data.ok()) return data.status();
  files.data = *std::move(data);

  auto meta = bdb::Database::open(*files.environment, std::string(kMetaFile));
  if (!meta.ok()) return meta.status();
  files.meta = *std::move(meta);

  auto log = bdb::Database::open(*files.environment, std::string(kLogFile));
  if (!log.ok()) return log.status();
  files.log = *std::move(log);
  return files;
}

BdbStore::BdbStore(Files files, bdb::Durability durability)
    : durability_(durability),
      files_(std::move(files)),
      data_(*files_.data, ledger_, floors_),
      log_(*files_.log, ledger_) {}

BdbStore::~BdbStore() {
  abort();
}

// ---- Records -------------------------------------------------------------------------

Result<std::optional<RecordView>> BdbStore::read(const KeyRef& key) {
  DORIS_RETURN_IF_ERROR(check_online());
  return noted(data_.read(transaction_.get(), key));
}

Result<std::optional<RecordHeader>> BdbStore::read_header(const KeyRef& key) {
  DORIS_RETURN_IF_ERROR(check_online());
  return noted(data_.read_header(transaction_.get(), key));
}

Result<WriteResult> BdbStore::write(const KeyRef& key, const Write& write, Role role,
                                    int64_t now_ms) {
  DORIS_RETURN_IF_ERROR(begin_batch());
  auto result = changed(data_.write(*transaction_, key, write, role, now_ms));
  count_write(result, write);
  return result;
}

Result<std::string> BdbStore::scan(topology::Vnode vnode, const Page& page, Content content,
                                   const RecordVisitor& visit) {
  DORIS_RETURN_IF_ERROR(check_online());
  return noted(data_.scan(transaction_.get(), vnode, page, content, visit));
}

Status BdbStore::raise_floor(topology::Vnode vnode, const resp::Version& floor) {
  DORIS_RETURN_IF_ERROR(begin_batch());
  if (floors_.raise(vnode, floor)) ++batch_writes_;
  return Status::okay();
}

Result<std::string> BdbStore::reclaim(topology::Vnode vnode, const Page& page,
                                      int64_t expired_by_ms) {
  DORIS_RETURN_IF_ERROR(begin_batch());
  auto reclaimed = changed(data_.reclaim(*transaction_, vnode, page, expired_by_ms));
  if (!reclaimed.ok()) return reclaimed.status();
  batch_writes_ += reclaimed->records;
  return std::move(reclaimed->next);
}

Result<bool> BdbStore::drop(const KeyRef& key, const resp::Version& floor) {
  DORIS_RETURN_IF_ERROR(begin_batch());
  auto dropped = changed(data_.drop(*transaction_, key, floor));
  if (dropped.ok() && *dropped) ++batch_writes_;
  return dropped;
}

// ---- The update log ------------------------------------------------------------------

Result<WriteResult> BdbStore::log_write(topology::NodeId target, const KeyRef& key,
                                        const Write& write) {
  DORIS_RETURN_IF_ERROR(begin_batch());
  auto result = changed(log_.write(*transaction_, target, key, write));
  count_write(result, write);
  return result;
}

Result<bool> BdbStore::log_grows(topology::NodeId target, const KeyRef& key, const Write& write) {
  DORIS_RETURN_IF_ERROR(check_online());
  return noted(log_.grows(transaction_.get(), target, key, write));
}

Result<std::string> BdbStore::log_scan(topology::NodeId target, const Page& page,
                                       const RecordVisitor& visit) {
  DORIS_RETURN_IF_ERROR(check_online());
  return noted(log_.scan(transaction_.get(), target, page, visit));
}

Result<bool> BdbStore::log_drop(topology::NodeId target, const KeyRef& key,
                                const resp::Version& version) {
  DORIS_RETURN_IF_ERROR(begin_batch());
  auto dropped = changed(log_.drop(*transaction_, target, key, version));
  if (dropped.ok() && *dropped) ++batch_writes_;
  return dropped;
}

Result<size_t> BdbStore::log_clear(topology::NodeId target, size_t records_max) {
  DORIS_RETURN_IF_ERROR(begin_batch());
  auto cleared = changed(log_.clear(*transaction_, target, records_max));
  if (cleared.ok()) batch_writes_ += *cleared;
  return cleared;
}

// ---- The open batch ------------------------------------------------------------------

Status BdbStore::commit() {
  if (transaction_ == nullptr) return Status::okay();
  Status status = check_online();
  if (status.ok()) status = batch_error_;
  if (status.ok()) status = noted(ledger_.store(*files_.meta, *transaction_));
  if (status.ok()) status = noted(floors_.store(*files_.meta, *transaction_));
  if (!status.ok()) {
    abort();
    return status;
  }
  data_.end_batch();
  status = transaction_->commit(durability_);
  if (!status.ok() && status.code() != Code::kNoSpace) {
    // Whether the log has the commit is not known any more; only a peer has the truth.
    take_offline(status);
  }
  if (status.ok()) {
    ledger_.settle();
    floors_.settle();
  } else {
    ledger_.undo();
    floors_.undo();
  }
  end_batch();
  return status;
}

void BdbStore::abort() {
  if (transaction_ == nullptr) return;
  data_.end_batch();
  transaction_->abort();
  ledger_.undo();
  floors_.undo();
  end_batch();
}

Status BdbStore::begin_batch() {
  DORIS_RETURN_IF_ERROR(check_online());
  DORIS_RETURN_IF_ERROR(batch_error_);
  if (transaction_ != nullptr) return Status::okay();
  auto transaction = bdb::Transaction::begin(*files_.environment);
  if (!transaction.ok()) return noted(transaction.status());
  transaction_ = *std::move(transaction);
  return Status::okay();
}

void BdbStore::end_batch() {
  transaction_.reset();
  batch_writes_ = 0;
  batch_bytes_ = 0;
  batch_error_ = Status::okay();
}

template <class T>
Result<T> BdbStore::changed(Result<T> result) {
  if (!result.ok()) batch_error_ = result.status();
  return noted(std::move(result));
}

void BdbStore::count_write(const Result<WriteResult>& result, const Write& write) {
  if (!result.ok() || !result->applied) return;
  ++batch_writes_;
  batch_bytes_ += write.value.size();
}

// ---- Failures ------------------------------------------------------------------------

bool BdbStore::offline() const {
  return failed_.load(std::memory_order_acquire) || files_.environment->panicked();
}

Status BdbStore::check_online() const {
  if (!offline()) return Status::okay();
  if (!offline_reason_.ok()) return offline_reason_;
  return Status::corrupt(files_.environment->directory() + ": offline, its disk has failed");
}

template <class T>
Result<T> BdbStore::noted(Result<T> result) {
  if (!result.ok()) return noted(result.status());
  return result;
}

Status BdbStore::noted(const Status& status) {
  if (status.code() == Code::kCorrupt) take_offline(status);
  return status;
}

void BdbStore::take_offline(const Status& why) {
  if (!offline_reason_.ok()) return;
  offline_reason_ = Status::corrupt(why.message());
  failed_.store(true, std::memory_order_release);
  kLog.error("{}: offline until it is rebuilt: {}", files_.environment->directory(), why.message());
}

}  // namespace doris::server

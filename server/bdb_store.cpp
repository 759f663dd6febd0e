#include "server/bdb_store.h"

#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "server/key_space.h"
#include "server/write_rule.h"

namespace doris::server {
namespace {

const Log kLog("store");

// A buffer that one huge value has stretched is not kept.
constexpr size_t kKeptBytesMax = 1024UL * 1024;

void drop_if_huge(std::string& buffer) {
  if (buffer.capacity() > kKeptBytesMax) std::string().swap(buffer);
}

}  // namespace

Result<std::unique_ptr<BdbStore>> BdbStore::open(const Options& options) {
  std::unique_ptr<BdbStore> store(new BdbStore(options.durability));
  auto environment = bdb::Environment::open(options.environment);
  if (!environment.ok()) return environment.status();
  store->environment_ = *std::move(environment);

  auto data = bdb::Database::open(*store->environment_, std::string(kDataFile));
  if (!data.ok()) return data.status();
  store->data_ = *std::move(data);

  auto meta = bdb::Database::open(*store->environment_, std::string(kMetaFile));
  if (!meta.ok()) return meta.status();
  store->meta_ = *std::move(meta);

  DORIS_RETURN_IF_ERROR(store->counts_.load(*store->meta_).prefixed(options.environment.directory));
  return store;
}

BdbStore::~BdbStore() {
  abort();
}

Result<std::optional<RecordView>> BdbStore::read(const KeyRef& key) {
  DORIS_RETURN_IF_ERROR(check_online());
  drop_if_huge(read_);
  encode_stored_key(key, stored_key_);
  const Result<bool> found = data_->get(transaction_.get(), stored_key_, read_);
  if (!found.ok()) return noted(found.status());
  if (!*found) return std::optional<RecordView>();
  const Result<RecordView> record = decode_record(read_);
  if (!record.ok()) return noted(in_data_file(record.status()));
  return std::optional<RecordView>(*record);
}

Result<std::optional<RecordHeader>> BdbStore::read_header(const KeyRef& key) {
  DORIS_RETURN_IF_ERROR(check_online());
  encode_stored_key(key, stored_key_);
  return held_header(
      data_->get_prefix(transaction_.get(), stored_key_, kRecordHeaderBytesMax, header_));
}

Result<WriteResult> BdbStore::write(const KeyRef& key, const Write& write, Role role,
                                    int64_t now_ms) {
  DORIS_RETURN_IF_ERROR(begin_batch());
  encode_stored_key(key, stored_key_);
  const auto held = held_header(cursor_->seek(stored_key_, kRecordHeaderBytesMax, header_));
  if (!held.ok()) return batch_error_ = held.status();

  const Decision decision = decide(*held, write.header.version, role);
  const bool existed = *held && (*held)->live(now_ms);
  if (decision.verdict == Verdict::kKeep)
    return WriteResult{.existed = existed, .applied = false, .version = decision.version};

  batch_error_ = noted(put(write, decision.version, held->has_value()));
  if (!batch_error_.ok()) return batch_error_;
  const bool counted = *held && !(*held)->tombstone;
  counts_.add(namespace_of(key.physical_key),
              static_cast<int64_t>(!write.header.tombstone) - static_cast<int64_t>(counted));
  ++batch_writes_;
  batch_bytes_ += write.value.size();
  return WriteResult{.existed = existed, .applied = true, .version = decision.version};
}

Status BdbStore::commit() {
  if (transaction_ == nullptr) return Status::okay();
  Status status = check_online();
  if (status.ok()) status = batch_error_;
  if (status.ok()) status = noted(counts_.store(*meta_, *transaction_));
  if (!status.ok()) {
    abort();
    return status;
  }
  cursor_.reset();
  status = transaction_->commit(durability_);
  if (!status.ok() && status.code() != Code::kNoSpace) {
    // Whether the log has the commit is not known any more; only a peer has the truth.
    take_offline(status);
  }
  if (status.ok()) {
    counts_.settle();
  } else {
    counts_.undo();
  }
  end_batch();
  return status;
}

void BdbStore::abort() {
  if (transaction_ == nullptr) return;
  cursor_.reset();
  transaction_->abort();
  counts_.undo();
  end_batch();
}

bool BdbStore::offline() const {
  return failed_.load(std::memory_order_acquire) || environment_->panicked();
}

Status BdbStore::begin_batch() {
  DORIS_RETURN_IF_ERROR(check_online());
  DORIS_RETURN_IF_ERROR(batch_error_);
  if (transaction_ != nullptr) return Status::okay();
  auto transaction = bdb::Transaction::begin(*environment_);
  if (!transaction.ok()) return noted(transaction.status());
  auto cursor = bdb::Cursor::open(*data_, transaction->get());
  if (!cursor.ok()) return noted(cursor.status());
  transaction_ = *std::move(transaction);
  cursor_ = *std::move(cursor);
  return Status::okay();
}

void BdbStore::end_batch() {
  transaction_.reset();
  batch_writes_ = 0;
  batch_bytes_ = 0;
  batch_error_ = Status::okay();
}

Status BdbStore::put(const Write& write, const resp::Version& version, bool held) {
  RecordHeader header = write.header;
  header.version = version;
  drop_if_huge(record_);
  record_.clear();
  encode_record(header, write.value, record_);
  return held ? cursor_->replace(record_) : cursor_->insert(stored_key_, record_);
}

Result<std::optional<RecordHeader>> BdbStore::held_header(const Result<bool>& found) {
  if (!found.ok()) return noted(found.status());
  if (!*found) return std::optional<RecordHeader>();
  const Result<RecordHeader> header = decode_header(header_);
  if (!header.ok()) return noted(in_data_file(header.status()));
  return std::optional<RecordHeader>(*header);
}

Status BdbStore::in_data_file(const Status& status) const {
  return status.prefixed(environment_->directory() + "/" + data_->file());
}

Status BdbStore::check_online() const {
  if (!offline()) return Status::okay();
  if (!offline_reason_.ok()) return offline_reason_;
  return Status::corrupt(environment_->directory() + ": offline, its disk has failed");
}

Status BdbStore::noted(const Status& status) {
  if (status.code() == Code::kCorrupt) take_offline(status);
  return status;
}

void BdbStore::take_offline(const Status& why) {
  if (!offline_reason_.ok()) return;
  offline_reason_ = Status::corrupt(why.message());
  failed_.store(true, std::memory_order_release);
  kLog.error("{}: offline until it is rebuilt: {}", environment_->directory(), why.message());
}

}  // namespace doris::server

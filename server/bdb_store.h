// BdbStore: a shard's records in Berkeley DB. FORMAT.md has the files and their bytes.
//
// One batch is one transaction with one kept cursor: a write reads the held record's
// header and replaces the record at the same position. Once its buffers have grown to the
// usual record, an operation allocates nothing here.
//
// The thread that opened it owns it, but for fail() and offline(). The helper threads of
// maintenance.h use environment() alone.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/bdb/cursor.h"
#include "base/bdb/database.h"
#include "base/bdb/environment.h"
#include "base/bdb/transaction.h"
#include "server/live_counts.h"
#include "server/store.h"

namespace doris::server {

class BdbStore final : public Store {
 public:
  static constexpr std::string_view kDataFile = "data.db";
  static constexpr std::string_view kMetaFile = "meta.db";

  struct Options {
    bdb::Environment::Options environment;
    // Of a commit: kSync for appendfsync always, kWrite for everysec and no.
    bdb::Durability durability = bdb::Durability::kWrite;
  };

  // Makes what is absent, and recovers what a crash left. Errors as of Environment::open() and
  // Database::open().
  static Result<std::unique_ptr<BdbStore>> open(const Options& options);
  ~BdbStore() override;  // Aborts an open batch.

  Result<std::optional<RecordView>> read(const KeyRef& key) override;
  Result<std::optional<RecordHeader>> read_header(const KeyRef& key) override;
  Result<WriteResult> write(const KeyRef& key, const Write& write, Role role,
                            int64_t now_ms) override;
  [[nodiscard]] size_t batch_writes() const override { return batch_writes_; }
  [[nodiscard]] size_t batch_bytes() const override { return batch_bytes_; }
  Status commit() override;
  void abort() override;
  [[nodiscard]] const std::vector<uint64_t>& live_keys() const override {
    return counts_.by_namespace();
  }
  [[nodiscard]] bool offline() const override;

  // Takes the store offline for good: a helper thread could not sync it. Any thread.
  void fail() { failed_.store(true, std::memory_order_release); }

  // For the helper threads. Lives as long as the store.
  [[nodiscard]] bdb::Environment& environment() { return *environment_; }

 private:
  explicit BdbStore(bdb::Durability durability) : durability_(durability) {}

  Status begin_batch();
  void end_batch();
  Status put(const Write& write, const resp::Version& version, bool held);

  // What header_ says, after a search that did or did not find its key.
  Result<std::optional<RecordHeader>> held_header(const Result<bool>& found);

  [[nodiscard]] Status in_data_file(const Status& status) const;
  [[nodiscard]] Status check_online() const;
  Status noted(const Status& status);  // Passes it on; damage takes the store offline.
  void take_offline(const Status& why);

  const bdb::Durability durability_;
  // Destroyed in reverse: cursor, transaction, databases, environment.
  std::unique_ptr<bdb::Environment> environment_;
  std::unique_ptr<bdb::Database> data_;
  std::unique_ptr<bdb::Database> meta_;

  // The open batch. The cursor exists iff the transaction does.
  std::unique_ptr<bdb::Transaction> transaction_;
  std::unique_ptr<bdb::Cursor> cursor_;
  size_t batch_writes_ = 0;
  size_t batch_bytes_ = 0;
  Status batch_error_;  // Why the batch can only be aborted.

  LiveCounts counts_;
  Status offline_reason_;  // Why, when the owner found out; every later call fails alike.
  std::atomic<bool> failed_{false};

  // Buffers kept from call to call.
  std::string stored_key_;
  std::string header_;  // Of the record held.
  std::string record_;  // To be written.
  std::string read_;    // What read() returned; views point here.
};

}  // namespace doris::server

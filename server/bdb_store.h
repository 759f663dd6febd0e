// BdbStore: a shard's records and its update log in Berkeley DB. FORMAT.md has the files.
//
//   data_     data.db      the records            data_file.h
//   log_      handoff.db   the update log         update_log.h
//   ledger_   meta.db      numbers about both     ledger.h
//   floors_   meta.db      what was reclaimed     floors.h
//
// One batch is one transaction over all of them; here are its beginning and end, and what a
// failure means.
//
// The thread that opened it owns it, but for fail() and offline(). The helper threads of
// maintenance.h use environment() alone.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bdb/database.h"
#include "base/bdb/environment.h"
#include "base/bdb/transaction.h"
#include "server/data_file.h"
#include "server/floors.h"
#include "server/ledger.h"
#include "server/store.h"
#include "server/update_log.h"

namespace doris::server {

class BdbStore final : public Store {
 public:
  static constexpr std::string_view kDataFile = DataFile::kFile;
  static constexpr std::string_view kLogFile = UpdateLog::kFile;
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
  Result<std::string> scan(topology::Vnode vnode, const Page& page, Content content,
                           const RecordVisitor& visit) override;
  [[nodiscard]] VnodeDigest digest(topology::Vnode vnode) const override {
    return data_.digest(vnode);
  }
  [[nodiscard]] resp::Version floor(topology::Vnode vnode) const override {
    return floors_.floor(vnode);
  }
  Status raise_floor(topology::Vnode vnode, const resp::Version& floor) override;
  Result<std::string> reclaim(topology::Vnode vnode, const Page& page,
                              int64_t expired_by_ms) override;
  Result<bool> drop(const KeyRef& key, const resp::Version& floor) override;

  Result<bool> log_grows(topology::NodeId target, const KeyRef& key, const Write& write) override;
  Result<WriteResult> log_write(topology::NodeId target, const KeyRef& key,
                                const Write& write) override;
  Result<std::string> log_scan(topology::NodeId target, const Page& page,
                               const RecordVisitor& visit) override;
  Result<bool> log_drop(topology::NodeId target, const KeyRef& key,
                        const resp::Version& version) override;
  Result<size_t> log_clear(topology::NodeId target, size_t records_max) override;
  [[nodiscard]] LogStats log_stats(topology::NodeId target) const override {
    return log_.stats(target);
  }
  [[nodiscard]] std::vector<topology::NodeId> log_targets() const override {
    return log_.targets();
  }

  [[nodiscard]] size_t batch_writes() const override { return batch_writes_; }
  [[nodiscard]] size_t batch_bytes() const override { return batch_bytes_; }
  Status commit() override;
  void abort() override;
  [[nodiscard]] const std::vector<uint64_t>& live_keys() const override {
    return data_.live_keys();
  }
  [[nodiscard]] bool offline() const override;

  // Takes the store offline for good: a helper thread could not sync it. Any thread.
  void fail() { failed_.store(true, std::memory_order_release); }

  // For the helper threads. Lives as long as the store.
  [[nodiscard]] bdb::Environment& environment() { return *files_.environment; }

 private:
  // Destroyed in reverse: databases, environment.
  struct Files {
    std::unique_ptr<bdb::Environment> environment;
    std::unique_ptr<bdb::Database> data;
    std::unique_ptr<bdb::Database> meta;
    std::unique_ptr<bdb::Database> log;
  };

  static Result<Files> open_files(const bdb::Environment::Options& options);
  BdbStore(Files files, bdb::Durability durability);

  Status begin_batch();
  void end_batch();

  // Passes on what a call to read or to change has returned; damage takes the store offline,
  // and a change that failed leaves a batch that can only be aborted.
  template <class T>
  Result<T> noted(Result<T> result);
  template <class T>
  Result<T> changed(Result<T> result);
  void count_write(const Result<WriteResult>& result, const Write& write);
  Status noted(const Status& status);

  [[nodiscard]] Status check_online() const;
  void take_offline(const Status& why);

  const bdb::Durability durability_;
  Files files_;
  Ledger ledger_;
  Floors floors_;
  DataFile data_;
  UpdateLog log_;

  // The open batch.
  std::unique_ptr<bdb::Transaction> transaction_;
  size_t batch_writes_ = 0;
  size_t batch_bytes_ = 0;
  Status batch_error_;  // Why the batch can only be aborted.

  Status offline_reason_;  // Why, when the owner found out; every later call fails alike.
  std::atomic<bool> failed_{false};
};

}  // namespace doris::server

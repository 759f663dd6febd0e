// UpdateLog: the writes that a shard keeps for nodes which cannot take them (hinted handoff),
// the newest for each key. FORMAT.md has the file's bytes.
//
// Everything happens in transactions of the store, and is counted in its ledger. What a call
// reads it reads whole, values included: the ledger must know how much goes.
//
// One thread. Errors: as of Berkeley DB; kCorrupt names the file.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bdb/database.h"
#include "base/bdb/transaction.h"
#include "server/ledger.h"
#include "server/store.h"

namespace doris::server {

class UpdateLog {
 public:
  static constexpr std::string_view kFile = "handoff.db";

  // Both outlive this.
  UpdateLog(bdb::Database& file, Ledger& ledger) : file_(file), ledger_(ledger) {}

  // As the functions of Store that begin with log_.
  Result<WriteResult> write(bdb::Transaction& txn, topology::NodeId target, const KeyRef& key,
                            const Write& write);
  Result<bool> grows(bdb::Transaction* txn, topology::NodeId target, const KeyRef& key,
                     const Write& write);
  Result<std::string> scan(bdb::Transaction* txn, topology::NodeId target, const Page& page,
                           const RecordVisitor& visit);
  Result<bool> drop(bdb::Transaction& txn, topology::NodeId target, const KeyRef& key,
                    const resp::Version& version);
  Result<size_t> clear(bdb::Transaction& txn, topology::NodeId target, size_t records_max);
  [[nodiscard]] LogStats stats(topology::NodeId target) const;
  [[nodiscard]] std::vector<topology::NodeId> targets() const;

 private:
  // The entry that log_key_ names, if there is one. The view is valid until the next call.
  Result<std::optional<RecordView>> find(bdb::Transaction* txn);

  // Tells the ledger; `bytes` wrap below 0.
  void count(topology::NodeId target, int64_t entries, uint64_t bytes);

  bdb::Database& file_;
  Ledger& ledger_;

  // Buffers kept from call to call.
  std::string log_key_;
  std::string held_;
  std::string record_;
};

}  // namespace doris::server

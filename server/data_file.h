// DataFile: the records of a shard, in data.db. FORMAT.md has its bytes.
//
// A batch keeps one cursor: a write reads the held record's header and replaces the record
// at the same position. What a write changes in the number of live keys and in the vnode's
// digest goes to the ledger. Once its buffers have grown to the usual record, an operation
// allocates nothing here.
//
// `txn` is the open batch's transaction; in reads it may be nullptr. One thread. Errors: as of
// Berkeley DB; kCorrupt names the file.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bdb/cursor.h"
#include "base/bdb/database.h"
#include "base/bdb/transaction.h"
#include "server/floors.h"
#include "server/ledger.h"
#include "server/store.h"

namespace doris::server {

class DataFile {
 public:
  static constexpr std::string_view kFile = "data.db";

  // All outlive this.
  DataFile(bdb::Database& file, Ledger& ledger, const Floors& floors)
      : file_(file), ledger_(ledger), floors_(floors) {}

  // As the functions of Store.
  Result<std::optional<RecordView>> read(bdb::Transaction* txn, const KeyRef& key);
  Result<std::optional<RecordHeader>> read_header(bdb::Transaction* txn, const KeyRef& key);
  Result<WriteResult> write(bdb::Transaction& txn, const KeyRef& key, const Write& write, Role role,
                            int64_t now_ms);
  Result<std::string> scan(bdb::Transaction* txn, topology::Vnode vnode, const Page& page,
                           Content content, const RecordVisitor& visit);
  [[nodiscard]] VnodeDigest digest(topology::Vnode vnode) const;
  [[nodiscard]] const std::vector<uint64_t>& live_keys() const {
    return ledger_.counts(Book::kNamespace);
  }

  struct Reclaimed {
    std::string next;    // As scan() returns.
    size_t records = 0;  // That were removed.
  };
  Result<Reclaimed> reclaim(bdb::Transaction& txn, topology::Vnode vnode, const Page& page,
                            int64_t expired_by_ms);
  Result<bool> drop(bdb::Transaction& txn, const KeyRef& key, const resp::Version& floor);

  // Gives up the batch's cursor. To be called before its transaction ends.
  void end_batch() { cursor_.reset(); }

 private:
  Status open_cursor(bdb::Transaction& txn);

  // Replaces the record at the cursor, which is `held` if that has a value.
  Status put(const KeyRef& key, const std::optional<RecordHeader>& held, const Write& write,
             const resp::Version& version);

  Status remove(bdb::Transaction& txn, const KeyRef& key, const RecordHeader& held);

  // What header_ says, after a search that did or did not find its key.
  Result<std::optional<RecordHeader>> held_header(const Result<bool>& found) const;

  // Tells the ledger that a record took the place of another; either may be absent.
  void count(const KeyRef& key, const std::optional<RecordHeader>& before,
             const std::optional<RecordHeader>& after);

  bdb::Database& file_;
  Ledger& ledger_;
  const Floors& floors_;
  std::unique_ptr<bdb::Cursor> cursor_;  // Of the open batch, once it has a write.

  // Buffers kept from call to call.
  std::string stored_key_;
  std::string header_;  // Of the record held.
  std::string record_;  // To be written.
  std::string read_;    // What read() returned; views point here.
};

}  // namespace doris::server

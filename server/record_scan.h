// One page of records, in the order of their keys, from a Berkeley DB file whose keys begin
// with a number: the vnode in data.db, the target in handoff.db.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bdb/database.h"
#include "base/bdb/transaction.h"
#include "base/status.h"
#include "server/store.h"

namespace doris::server {

// The keys to visit: those that begin with `number`.
struct KeyRange {
  uint16_t number;
  size_t stored_key_at;  // Where in them the stored key begins: 0 if the number is its vnode.
};

// As Store::scan(), within `range`. Sees what `txn`, which may be nullptr, has written.
// `visit` must not touch the file.
Result<std::string> scan_records(bdb::Database& file, bdb::Transaction* txn, const KeyRange& range,
                                 const Page& page, Content content, const RecordVisitor& visit);

}  // namespace doris::server

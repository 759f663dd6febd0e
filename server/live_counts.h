// LiveCounts: how many live keys each namespace has, exact across crashes because changes
// are stored in the same transaction as the records that cause them.
//
// add() counts at once, in memory. store() writes the namespaces that have changed since
// the last settle() or undo() into a transaction; settle() follows its commit, undo() its
// abort. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bdb/database.h"
#include "base/bdb/transaction.h"
#include "base/status.h"

namespace doris::server {

class LiveCounts {
 public:
  LiveCounts();

  // Reads what is stored. kCorrupt names the file.
  Status load(bdb::Database& meta);

  // REQUIRES: name_space < kNamespacesMax; the count stays at or above 0.
  void add(uint32_t name_space, int64_t change);

  Status store(bdb::Database& meta, bdb::Transaction& txn);
  void settle();
  void undo();

  [[nodiscard]] const std::vector<uint64_t>& by_namespace() const { return counts_; }

 private:
  struct Change {
    uint32_t name_space;
    int64_t sum;
  };

  std::vector<uint64_t> counts_;  // kNamespacesMax long.
  std::vector<Change> changes_;   // Of the open transaction; one per namespace.
  std::string key_;               // Kept to save allocations.
  std::string value_;
};

}  // namespace doris::server

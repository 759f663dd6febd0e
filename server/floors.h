// Floors: for each vnode the version below which its tombstones have been reclaimed: what is absent
// counts as deleted in it (write_rule.h). Kept in meta.db, in the batches that raise them.
//
// raise() takes effect at once, in memory; store() writes what was raised into the batch's
// transaction; settle() follows its commit, undo() its abort.
//
// One thread.
#pragma once

#include <utility>
#include <vector>

#include "base/bdb/database.h"
#include "base/bdb/transaction.h"
#include "base/status.h"
#include "base/topology/topology.h"
#include "resp/version.h"

namespace doris::server {

class Floors {
 public:
  // Reads what is stored. kCorrupt names the file. REQUIRES: nothing was raised yet.
  Status load(bdb::Database& meta);

  // All zero if it was never raised.
  [[nodiscard]] resp::Version floor(topology::Vnode vnode) const {
    return vnode < floors_.size() ? floors_[vnode] : resp::Version{};
  }

  // False, and nothing changes, if the floor is as high already.
  bool raise(topology::Vnode vnode, const resp::Version& floor);

  Status store(bdb::Database& meta, bdb::Transaction& txn);
  void settle() { before_.clear(); }
  void undo();

 private:
  void set(topology::Vnode vnode, const resp::Version& floor);

  std::vector<resp::Version> floors_;                              // By vnode; as long as needed.
  std::vector<std::pair<topology::Vnode, resp::Version>> before_;  // What the open batch raised.
};

}  // namespace doris::server

// TopologyStore: the durable truth about the cluster, in Berkeley DB under admin-dir.
//
// It holds the topology of the newest epoch, the journal of all epochs, and the numbers
// that are never given twice. FORMAT.md has the layout. A change is one transaction that
// is on the disk when change() returns: nobody ever hears of an epoch that a crash of the
// admin could take back.
//
//   auto store = TopologyStore::open({.directory = dir, .vnodes = 10000}, clock, random);
//   topology::Topology next = (*store)->topology();
//   next.epoch += 1; ...
//   DORIS_RETURN_IF_ERROR((*store)->change(std::move(next), {"a1", "a1 joined", "..."}));
//
// One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "admin/disk_marks.h"
#include "admin/journal.h"
#include "base/bdb/database.h"
#include "base/bdb/environment.h"
#include "base/bdb/transaction.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"
#include "base/topology/topology.h"

namespace doris::admin {

// The journal's words about a change.
struct Cause {
  std::string who;
  std::string what;
  std::string why;
};

class TopologyStore {
 public:
  struct Options {
    std::string directory;  // Made if absent.
    uint32_t vnodes;        // Of a new cluster; must be that of an existing one.
  };

  // Opens the directory, or makes a new cluster in an empty one: epoch 1, no nodes.
  // kExists: another admin holds it. kTooNew: a newer Doris wrote it. kInvalid: `vnodes`
  // is not that of the cluster. kCorrupt: what is damaged or missing. `clock` outlives the store.
  static Result<std::unique_ptr<TopologyStore>> open(const Options& options, const Clock& clock,
                                                     Random& random);

  // The newest topology, and the same as text. References stay valid until change().
  [[nodiscard]] const topology::Topology& topology() const { return topology_; }
  [[nodiscard]] const std::string& text() const { return text_; }

  // The id for the next new node; above 65535 when all have been given.
  [[nodiscard]] uint32_t next_node() const { return next_node_; }

  // Makes `next` the newest topology, and keeps `marks` with it: whom it fails may come back with
  // an older disk. On an error nothing has changed.
  // REQUIRES: next.epoch == topology().epoch + 1; next is valid; the cluster and the number
  // of vnodes are the same.
  Status change(topology::Topology next, const Cause& cause, const DiskMarks::ByNode& marks);

  // A number for a router that no other ever gets: 1 .. 2^23 - 1. kUnavailable when all
  // have been given.
  Result<uint32_t> draw_router_number();

  // The disk marks of the nodes (disk_marks.h), as kept last.
  [[nodiscard]] const DiskMarks::ByNode& disk_marks() const { return disk_marks_; }
  // Keeps them without a change. On an error the earlier ones are kept.
  Status keep_disk_marks(const DiskMarks::ByNode& marks);

  // The journal's entry of `epoch`, which is one from 1 to topology().epoch.
  Result<JournalEntry> entry(topology::Epoch epoch);

  // Since when a `temp-failed` node is waited for, in Unix ms: it failed then, or, if an operator
  // has held it, was let back in. (Its `since` is when it began to lack writes: it may have
  // recovered in between, and failed again.) REQUIRES: it is.
  Result<int64_t> failed_at(const topology::Node& node);

  // The newest `count` entries of the journal, the newest first.
  Result<std::vector<JournalEntry>> history(uint64_t count);

 private:
  TopologyStore(const Clock& clock, std::unique_ptr<bdb::Environment> env,
                std::unique_ptr<bdb::Database> db)
      : clock_(clock), env_(std::move(env)), db_(std::move(db)) {}

  Status make_cluster(uint32_t vnodes, Random& random);
  Status load(uint32_t vnodes);
  Status check_format();
  Result<std::string> read(std::string_view key, std::string_view name);
  Result<uint32_t> read_number(std::string_view key);
  Status load_disk_marks();
  Status put_disk_marks(bdb::Transaction& txn, const DiskMarks::ByNode& marks);
  Status put_change(bdb::Transaction& txn, const topology::Topology& next, const std::string& text,
                    uint32_t next_node, const Cause& cause);
  Status put_failures(bdb::Transaction& txn, const topology::Topology& next);
  void checkpoint_if_due();

  const Clock& clock_;
  const std::unique_ptr<bdb::Environment> env_;
  const std::unique_ptr<bdb::Database> db_;  // Goes before its environment.

  // What the database holds, too.
  topology::Topology topology_;
  std::string text_;
  uint32_t next_node_ = 1;
  uint32_t next_router_ = 1;
  DiskMarks::ByNode disk_marks_;
};

}  // namespace doris::admin

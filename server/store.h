// Store: one shard's records, behind the seam where Berkeley DB stands (bdb_store.h) and
// a simulated disk may. Beside them it keeps the update log: writes meant for other nodes,
// which cannot take them just now.
//
// Writes gather in one open batch: commit() makes all of them durable at once, or none.
// Reads see the open batch, scans and all numbers included; whoever replies to one waits for
// the commit, as for a write.
//
// After an error of a call that adds to the batch, the batch must be aborted. kCorrupt takes
// the store offline: every later call fails alike.
//
// One thread owns a store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/topology/topology.h"
#include "resp/version.h"
#include "server/record.h"

namespace doris::server {

// Which replica a write speaks to decides what happens when it is not the newest.
enum class Role : uint8_t {
  kPrimary,    // Raise its version above the one held, and apply: arrival is the order.
  kSecondary,  // Drop it: a newer write won.
  kCopy,       // The same; but what is absent is taken even below the floor: another replica,
               // which knows, holds it.
};

struct KeyRef {
  topology::Vnode vnode;
  std::string_view physical_key;
};

struct Write {
  RecordHeader header;     // The version is the proposal.
  std::string_view value;  // Empty for a tombstone.
};

struct WriteResult {
  bool existed = false;    // A live value was there before this write.
  bool applied = false;    // False: this very write was held already, or a newer one won.
  resp::Version version;   // What the store holds now.
  resp::Version before{};  // What it held of the record; epoch 0: nothing. Not of a log.
};

// Tells whether two nodes hold the same records of a vnode: equal digests, equal records.
struct VnodeDigest {
  uint64_t records = 0;  // Tombstones and expired ones included.
  uint64_t sum = 0;      // Of digest_term() of each (vnode_digests.h), modulo 2^64.

  bool operator==(const VnodeDigest&) const = default;
};

// How far one call of a scan goes. Its work is bounded by both limits, of which it passes
// bytes_max by one record at most, so a shard can do other things between two pages.
struct Page {
  std::string_view from = {};  // What the page before has returned; empty: the start.
  size_t records_max = 0;      // > 0
  size_t bytes_max = 0;        // Of keys and the values read; > 0.
};

enum class Content : uint8_t {
  kHeaders,  // Values are not read, and empty.
  kRecords,
};

// Called for each record of a page. The views are valid until it returns. It must not call
// the store.
using RecordVisitor = std::function<void(const KeyRef& key, const RecordView& record)>;

// What the update log holds for one target.
struct LogStats {
  uint64_t entries = 0;
  uint64_t bytes = 0;  // Of their physical keys and values.

  bool operator==(const LogStats&) const = default;
};

class Store {
 public:
  virtual ~Store() = default;

  // ---- Records ----

  // The record of a key, tombstones and expired ones included. The view is valid until
  // the next call.
  virtual Result<std::optional<RecordView>> read(const KeyRef& key) = 0;

  // Only the header of it, cheaper for large values.
  virtual Result<std::optional<RecordHeader>> read_header(const KeyRef& key) = 0;

  // Adds to the open batch, and opens one if need be. Writing a version that is held
  // already changes nothing (a retry); `now_ms` judges `existed`.
  virtual Result<WriteResult> write(const KeyRef& key, const Write& write, Role role,
                                    int64_t now_ms) = 0;

  // Put if newer: takes a record over from a peer as it is, tombstones and expired ones
  // included. True if it was stored; false if it, or a newer one, was held already.
  Result<bool> apply(const KeyRef& key, const RecordHeader& header, std::string_view value,
                     Role role = Role::kSecondary) {
    const Result<WriteResult> result = write(key, {header, value}, role, 0);
    if (!result.ok()) return result.status();
    return result->applied;
  }

  // Visits records of a vnode in stored order, strictly after the position `page.from`.
  // Returns the position to go on from, or "" at the end; a page before the end may be
  // the last one that has records. A position is bytes that only stores understand, all of
  // them alike, and need not be a record's: positions outlive deletes and restarts.
  virtual Result<std::string> scan(topology::Vnode vnode, const Page& page, Content content,
                                   const RecordVisitor& visit) = 0;

  // Kept up to date by every write: costs nothing to read.
  [[nodiscard]] virtual VnodeDigest digest(topology::Vnode vnode) const = 0;

  // The version in which whatever is absent from the vnode counts as deleted; all zero at first.
  // A write that is not above it does not bring an absent key back (write_rule.h).
  [[nodiscard]] virtual resp::Version floor(topology::Vnode vnode) const = 0;

  // Raises the floor, within the open batch; one that is as high already stays. REQUIRES: every
  // write of the vnode below it that was or will be acknowledged is here.
  virtual Status raise_floor(topology::Vnode vnode, const resp::Version& floor) = 0;

  // Removes, within the open batch, the tombstones of a vnode, and its records that had expired by
  // `expired_by_ms`, that are below the floor and by their clocks older than it, looking at one
  // page of records (their values are not read). Returns as scan() does.
  virtual Result<std::string> reclaim(topology::Vnode vnode, const Page& page,
                                      int64_t expired_by_ms) = 0;

  // Removes a record, within the open batch, if its version is below `floor`: of the vnode's floor
  // at a peer that does not hold it. True if it did.
  virtual Result<bool> drop(const KeyRef& key, const resp::Version& floor) = 0;

  // ---- The update log ----

  // Keeps a write for `target`, within the open batch, if it is newer than what is kept for
  // it of that key. `existed` is false: only the target knows. The caller caps the log.
  virtual Result<WriteResult> log_write(topology::NodeId target, const KeyRef& key,
                                        const Write& write) = 0;

  // Whether log_write() would make the log larger. No: an entry of that key, not smaller or not
  // older, is there.
  virtual Result<bool> log_grows(topology::NodeId target, const KeyRef& key,
                                 const Write& write) = 0;

  // As scan(), over the entries of all vnodes for `target`, with their values.
  virtual Result<std::string> log_scan(topology::NodeId target, const Page& page,
                                       const RecordVisitor& visit) = 0;

  // Removes an entry, within the open batch, unless its version is higher than `version`.
  // True if it did.
  virtual Result<bool> log_drop(topology::NodeId target, const KeyRef& key,
                                const resp::Version& version) = 0;

  // Removes up to `records_max` entries of `target`, within the open batch, and fewer if
  // they are large. Returns how many; 0: none was left.
  virtual Result<size_t> log_clear(topology::NodeId target, size_t records_max) = 0;

  // Exact across crashes.
  [[nodiscard]] virtual LogStats log_stats(topology::NodeId target) const = 0;

  // The nodes that entries are kept for, in ascending order. For rare use.
  [[nodiscard]] virtual std::vector<topology::NodeId> log_targets() const = 0;

  // ---- The open batch ----

  // Number of changes in it, to records and to the log, and the bytes of their values.
  [[nodiscard]] virtual size_t batch_writes() const = 0;
  [[nodiscard]] virtual size_t batch_bytes() const = 0;

  // Ends the batch. On an error nothing of it was kept. No-ops without a batch.
  virtual Status commit() = 0;
  virtual void abort() = 0;

  // ---- The store as a whole ----

  // Live keys by namespace (index), kept exact across crashes: counted in the same
  // transaction that changes them. Expired keys count until they are reclaimed.
  [[nodiscard]] virtual const std::vector<uint64_t>& live_keys() const = 0;

  // Whether the store has failed for good and must be rebuilt from its peers.
  [[nodiscard]] virtual bool offline() const = 0;
};

}  // namespace doris::server

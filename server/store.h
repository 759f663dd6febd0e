// Store: one shard's records, behind the seam where Berkeley DB stands (bdb_store.h) and
// a simulated disk may.
//
// Writes gather in one open batch: commit() makes all of them durable at once, or none.
// Reads see the open batch; whoever replies to one waits for the commit, as for a write.
//
// One thread owns a store.
#pragma once

#include <cstdint>
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
  bool existed = false;   // A live value was there before this write.
  bool applied = false;   // False: this very write was held already, or a newer one won.
  resp::Version version;  // What the store holds now.
};

class Store {
 public:
  virtual ~Store() = default;

  // The record of a key, tombstones and expired ones included. The view is valid until
  // the next call. kCorrupt takes the store offline: every later call fails alike.
  virtual Result<std::optional<RecordView>> read(const KeyRef& key) = 0;

  // Only the header of it, cheaper for large values.
  virtual Result<std::optional<RecordHeader>> read_header(const KeyRef& key) = 0;

  // Adds to the open batch, and opens one if need be. Writing a version that is held
  // already changes nothing (a retry); `now_ms` judges `existed`.
  // After kNoSpace the batch must be aborted.
  virtual Result<WriteResult> write(const KeyRef& key, const Write& write, Role role,
                                    int64_t now_ms) = 0;

  // Number of writes in the open batch, and the bytes of their values.
  [[nodiscard]] virtual size_t batch_writes() const = 0;
  [[nodiscard]] virtual size_t batch_bytes() const = 0;

  // Ends the batch. On an error nothing of it was kept. No-ops without a batch.
  virtual Status commit() = 0;
  virtual void abort() = 0;

  // Live keys by namespace (index), kept exact across crashes: counted in the same
  // transaction that changes them. Expired keys count until they are reclaimed.
  [[nodiscard]] virtual const std::vector<uint64_t>& live_keys() const = 0;

  // Whether the store has failed for good and must be rebuilt from its peers.
  [[nodiscard]] virtual bool offline() const = 0;
};

}  // namespace doris::server

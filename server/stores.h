// Stores: where a node's shards get their stores, and what looks after these besides the
// requests. The seam behind which Berkeley DB stands (bdb_stores.h), or a simulated disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "server/store.h"

namespace doris::server {

class Stores {
 public:
  virtual ~Stores() = default;

  // Opens the store of `shard`, one of `shards`, which is kept in `directory`. Called in the
  // order of the shards, before start_upkeep(), on the thread that will own and destroy the
  // store; this outlives it.
  virtual Result<std::unique_ptr<Store>> open(uint32_t shard, uint32_t shards,
                                              const std::string& directory) = 0;

  // What the open stores need besides requests (flushes, checkpoints) runs between these two.
  // stop_upkeep() comes before the first store is destroyed, and may come without a start.
  virtual void start_upkeep() = 0;
  virtual void stop_upkeep() = 0;

  // False while there is no room for writes. Any thread, while there is upkeep.
  [[nodiscard]] virtual bool writes_allowed() const = 0;

  // How far the disks of all shards have come: a number that rises with what is synced, and falls
  // only if they are replaced by older ones; 0 if it is not known. Any thread, while there is
  // upkeep.
  [[nodiscard]] virtual uint64_t disk_mark() const = 0;

  // What a shard has logged since its last checkpoint. Any thread, while there is upkeep.
  [[nodiscard]] virtual uint64_t log_bytes(uint32_t shard) const = 0;
};

}  // namespace doris::server

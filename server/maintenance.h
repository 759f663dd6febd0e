// Maintenance: what a server's disks need besides its requests, on three threads for all
// shards together, so that no request ever waits for it.
//
//   flusher       each second: forces every shard's log to the disk (appendfsync everysec)
//   checkpointer  each second: checkpoints the shards that have much log, or old changes,
//                 one after the other
//   disk watch    five times a second: is there room for writes? how far have the logs come?
//
// A shard that cannot be synced or checkpointed for another reason than a full disk has
// failed: it is reported once and never touched again, since a retry could succeed after
// the data is gone.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bdb/environment.h"
#include "base/clock.h"
#include "base/status.h"
#include "server/disk_watch.h"
#include "server/periodic_thread.h"

namespace doris::server {

class Maintenance {
 public:
  struct Options {
    std::string directory;          // On the file system to watch.
    bool flush_log = true;          // appendfsync everysec; the others need no flusher.
    uint64_t checkpoint_log_bytes;  // checkpoint-log-size.
    Millis checkpoint_interval;     // For a shard that has changed at all.
    uint64_t disk_free_bytes_min;   // disk-free-min.

    // Called on a thread of Maintenance, once for a shard: it must be taken offline. May not
    // call back into Maintenance.
    std::function<void(uint32_t shard, const Status& why)> on_failed;

    // Seams for tests.
    DiskWatch::FreeBytes free_bytes = nullptr;  // nullptr asks the file system.
    Millis flush_pause{1000};
    Millis checkpoint_pause{1000};
    Millis disk_pause{200};
  };

  // `environments[i]` is shard i's, and outlives this. Looks at the disk once, then starts
  // the threads.
  Maintenance(Options options, std::vector<bdb::Environment*> environments);

  // Stops the threads; waits for a checkpoint under way.
  ~Maintenance();

  // False while the disk is too full for writes. Any thread.
  [[nodiscard]] bool writes_allowed() const { return disk_.writes_allowed(); }

  // The sum of the shards' synced LSNs, as of the last look; 0 if one is not known. Any thread.
  [[nodiscard]] uint64_t synced_lsns() const {
    return synced_lsns_.load(std::memory_order_relaxed);
  }

 private:
  struct Shard {
    bdb::Environment* environment;
    TimePoint checkpoint_at;          // When the interval ends. The checkpointer's own.
    bool checkpoint_starved = false;  // The last one found no room. The checkpointer's own.
    bool flush_starved = false;       // The same for the flusher, its own.
    std::atomic<bool> failed{false};
  };

  void look();
  void flush_all();
  void checkpoint_due();

  // What a status of `what` means for a shard: nothing, a lack of room (its beginning and
  // its end are logged; it is tried again), or the end.
  void judge(uint32_t index, const Status& status, bool& starved, const char* what);

  const Options options_;
  std::vector<std::unique_ptr<Shard>> shards_;
  DiskWatch disk_;
  std::atomic<uint64_t> synced_lsns_{0};

  // Last, in this order: they use all of the above.
  std::unique_ptr<PeriodicThread> flusher_;
  std::unique_ptr<PeriodicThread> checkpointer_;
  std::unique_ptr<PeriodicThread> disk_watcher_;
};

}  // namespace doris::server

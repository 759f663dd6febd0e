// SimDisk: what a data server's shards have written, which outlives the server's process.
// SimStore: the Store of one shard on it. SimStores: what a server::Node is given.
//
//   SimDisk disk(2, SimDisk::Sync::kAlways);
//   Node node(..., std::make_unique<SimStores>(disk));
//   ...
//   disk.crash(SimDisk::Crash::kPower);   // Before the node's objects go.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/stores.h"
#include "tests/support/mem_store.h"

namespace doris::sim {

class SimStore;

class SimDisk {
 public:
  enum class Crash : uint8_t {
    kProcess,  // What was committed is kept.
    kPower,    // What was committed and not synced is lost.
    kLost,     // All is lost: the machine gets an empty disk..
    kOlder,    // ..or one as of the last back_up().
  };

  SimDisk(uint32_t shards, bool sync_each_commit)
      : shards_(shards), sync_each_commit_(sync_each_commit) {}
  SimDisk(const SimDisk&) = delete;
  SimDisk& operator=(const SimDisk&) = delete;

  // What has been committed is safe from now on. Not needed where each commit is synced.
  void sync();

  // How many batches are safe, and one.
  [[nodiscard]] uint64_t mark() const;

  // A copy of what has been committed, for Crash::kOlder.
  void back_up();

  // A full one takes nothing from routers (disk-free-min).
  void set_full(bool full) { full_ = full; }
  [[nodiscard]] bool full() const { return full_; }

  // What the open stores do from now on does not reach the disk.
  void crash(Crash how);

 private:
  friend class SimStore;

  struct Shard {
    testing::MemStore committed;
    testing::MemStore synced;  // Unless each commit is.
    testing::MemStore backup;
    SimStore* open = nullptr;
  };

  std::vector<Shard> shards_;
  const bool sync_each_commit_;
  bool full_ = false;
};

class SimStore final : public testing::MemStore {
 public:
  // `disk` outlives this. One at a time has a shard open.
  SimStore(SimDisk& disk, uint32_t shard);
  ~SimStore() override;

 private:
  friend class SimDisk;

  // Leaves what was committed to the disk, which forgets this store.
  void detach();

  SimDisk* disk_;  // nullptr once the disk has crashed.
  const uint32_t shard_;
};

class SimStores final : public server::Stores {
 public:
  explicit SimStores(SimDisk& disk) : disk_(disk) {}

  Result<std::unique_ptr<server::Store>> open(uint32_t shard, uint32_t shards,
                                              const std::string& directory) override;
  void start_upkeep() override {}
  void stop_upkeep() override {}
  [[nodiscard]] bool writes_allowed() const override { return !disk_.full(); }
  [[nodiscard]] uint64_t disk_mark() const override { return disk_.mark(); }
  [[nodiscard]] uint64_t log_bytes(uint32_t) const override { return 0; }

 private:
  SimDisk& disk_;
};

}  // namespace doris::sim

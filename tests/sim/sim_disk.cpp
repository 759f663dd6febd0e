#include "tests/sim/sim_disk.h"

#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "server/bdb_store.h"

namespace doris::sim {

// ---- SimDisk -------------------------------------------------------------------------

void SimDisk::sync() {
  for (Shard& shard : shards_)
    if (shard.open != nullptr) shard.synced = shard.committed = *shard.open;
}

uint64_t SimDisk::mark() const {
  uint64_t mark = 1;
  for (const Shard& shard : shards_) {
    const testing::MemStore& committed = shard.open != nullptr ? *shard.open : shard.committed;
    mark += (sync_each_commit_ ? committed : shard.synced).batches.size();
  }
  return mark;
}

void SimDisk::back_up() {
  for (Shard& shard : shards_) {
    shard.backup = shard.open != nullptr ? *shard.open : shard.committed;
    shard.backup.abort();
  }
}

void SimDisk::crash(Crash how) {
  for (Shard& shard : shards_) {
    if (shard.open != nullptr) shard.open->detach();
    if (how == Crash::kPower && !sync_each_commit_) shard.committed = shard.synced;
    if (how == Crash::kLost) shard.committed = shard.synced = testing::MemStore();
    if (how == Crash::kOlder) shard.committed = shard.synced = shard.backup;
  }
}

// ---- SimStore ------------------------------------------------------------------------

SimStore::SimStore(SimDisk& disk, uint32_t shard)
    : MemStore(disk.shards_[shard].committed), disk_(&disk), shard_(shard) {
  DORIS_CHECK(disk.shards_[shard].open == nullptr, "one process at a time has a store open");
  disk.shards_[shard].open = this;
}

SimStore::~SimStore() {
  if (disk_ != nullptr) detach();
}

void SimStore::detach() {
  abort();
  SimDisk::Shard& shard = disk_->shards_[shard_];
  shard.committed = *this;
  shard.open = nullptr;
  disk_ = nullptr;
}

// ---- SimStores -----------------------------------------------------------------------

// The real stores' files stand for the records: a data server that misses them does not start.
Result<std::unique_ptr<server::Store>> SimStores::open(uint32_t shard, uint32_t,
                                                       const std::string& directory) {
  std::filesystem::create_directories(directory);
  for (const std::string_view name :
       {server::BdbStore::kDataFile, server::BdbStore::kMetaFile, server::BdbStore::kLogFile})
    std::ofstream(std::filesystem::path(directory) / name);
  return std::unique_ptr<server::Store>(std::make_unique<SimStore>(disk_, shard));
}

}  // namespace doris::sim

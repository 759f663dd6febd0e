#include "server/bdb_stores.h"

#include "base/check.h"

namespace doris::server {

Result<std::unique_ptr<Store>> BdbStores::open(uint32_t shard, uint32_t shards,
                                               const std::string& directory) {
  DORIS_CHECK(shard == stores_.size(), "the shards' stores are opened in their order");
  Result<std::unique_ptr<BdbStore>> store =
      BdbStore::open({.environment = settings_.environment(directory, shards),
                      .durability = settings_.sync_each_commit ? bdb::Durability::kSync
                                                               : bdb::Durability::kWrite});
  if (!store.ok()) return store.status();
  stores_.push_back(store->get());
  return std::unique_ptr<Store>(*std::move(store));
}

void BdbStores::start_upkeep() {
  std::vector<bdb::Environment*> environments;
  for (BdbStore* const store : stores_)
    environments.push_back(&store->environment());
  Maintenance::Options options;
  options.directory = settings_.directory;
  options.flush_log = settings_.sync_each_second;
  options.checkpoint_log_bytes = settings_.checkpoint_log_bytes;
  options.checkpoint_interval = settings_.checkpoint_interval;
  options.disk_free_bytes_min = settings_.disk_free_bytes_min;
  options.on_failed = [this](uint32_t shard, const Status&) { stores_[shard]->fail(); };
  maintenance_ = std::make_unique<Maintenance>(std::move(options), std::move(environments));
}

}  // namespace doris::server

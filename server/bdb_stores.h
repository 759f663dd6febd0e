// BdbStores: the Stores of the real world: an environment of Berkeley DB for each shard, and
// Maintenance for all of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/bdb_store.h"
#include "server/maintenance.h"
#include "server/settings.h"
#include "server/stores.h"

namespace doris::server {

class BdbStores final : public Stores {
 public:
  explicit BdbStores(Settings settings) : settings_(std::move(settings)) {}

  Result<std::unique_ptr<Store>> open(uint32_t shard, uint32_t shards,
                                      const std::string& directory) override;
  void start_upkeep() override;
  void stop_upkeep() override { maintenance_.reset(); }
  [[nodiscard]] bool writes_allowed() const override { return maintenance_->writes_allowed(); }
  [[nodiscard]] uint64_t disk_mark() const override { return maintenance_->synced_lsns(); }
  [[nodiscard]] uint64_t log_bytes(uint32_t shard) const override {
    return stores_[shard]->environment().log_bytes_since_checkpoint();
  }

 private:
  const Settings settings_;
  std::vector<BdbStore*> stores_;  // The shards' own; for fail() and environment() only.
  std::unique_ptr<Maintenance> maintenance_;
};

}  // namespace doris::server

#include "server/maintenance.h"

#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace doris::server {
namespace {

const Log kLog("maintenance");

DiskWatch::FreeBytes free_bytes_of(const Maintenance::Options& options) {
  if (options.free_bytes) return options.free_bytes;
  return [directory = options.directory] { return free_bytes(directory); };
}

TimePoint now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

Maintenance::Maintenance(Options options, std::vector<bdb::Environment*> environments)
    : options_(std::move(options)), disk_(options_.disk_free_bytes_min, free_bytes_of(options_)) {
  DORIS_CHECK(options_.on_failed != nullptr, "somebody must take a failed shard offline");
  const auto count = static_cast<int64_t>(environments.size());
  for (int64_t i = 0; i < count; ++i) {
    auto shard = std::make_unique<Shard>();
    shard->environment = environments[static_cast<size_t>(i)];
    // The first interval ends at another time for each, and so do all that follow.
    shard->checkpoint_at = now() + options_.checkpoint_interval * (i + 1) / count;
    shards_.push_back(std::move(shard));
  }
  look();
  disk_watcher_ =
      std::make_unique<PeriodicThread>("disk-watch", options_.disk_pause, [this] { look(); });
  checkpointer_ = std::make_unique<PeriodicThread>("checkpointer", options_.checkpoint_pause,
                                                   [this] { checkpoint_due(); });
  if (options_.flush_log) {
    flusher_ = std::make_unique<PeriodicThread>("log-flusher", options_.flush_pause,
                                                [this] { flush_all(); });
  }
}

Maintenance::~Maintenance() = default;

// Here, since to ask a log may take as long as a disk that is busy. A sum, since the shards' disks
// are one: an older copy has all of them older.
void Maintenance::look() {
  disk_.look();
  uint64_t sum = 0;
  bool all_known = true;
  for (const auto& shard : shards_) {
    const uint64_t lsn = shard->environment->synced_lsn();
    all_known = all_known && lsn != 0;
    sum += lsn;
  }
  synced_lsns_.store(all_known ? sum : 0, std::memory_order_relaxed);
}

void Maintenance::flush_all() {
  for (uint32_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = *shards_[i];
    if (shard.failed) continue;
    judge(i, shard.environment->flush_log(), shard.flush_starved, "the log");
  }
}

void Maintenance::checkpoint_due() {
  for (uint32_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = *shards_[i];
    if (shard.failed) continue;
    const uint64_t log_bytes = shard.environment->log_bytes_since_checkpoint();
    const bool late = now() >= shard.checkpoint_at;
    if (log_bytes < options_.checkpoint_log_bytes && !late) continue;
    // Without changes there is nothing to write, but the next interval begins.
    if (log_bytes > 0)
      judge(i, shard.environment->checkpoint(), shard.checkpoint_starved, "a checkpoint");
    shard.checkpoint_at = now() + options_.checkpoint_interval;
  }
}

void Maintenance::judge(uint32_t index, const Status& status, bool& starved, const char* what) {
  if (status.ok() || status.code() == Code::kNoSpace) {
    if (starved == status.ok()) {
      if (starved) kLog.info("shard {}: there is room for {} again", index, what);
      if (!starved) kLog.warning("shard {}: no room for {}: {}", index, what, status.message());
    }
    starved = !status.ok();
    return;
  }
  if (shards_[index]->failed.exchange(true)) return;
  kLog.error("shard {}: {} failed for good: {}", index, what, status.message());
  options_.on_failed(index, status);
}

}  // namespace doris::server

// What a shard does beside requests: each tick, and with what others have sent it.
#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/log.h"
#include "server/anti_entropy.h"
#include "server/orphan_settler.h"
#include "server/peer_dialect.h"
#include "server/recovery.h"
#include "server/shard.h"
#include "server/shard_session.h"
#include "server/verification.h"
#include "server/write_sharer.h"

namespace doris::server {
namespace {

const Log kLog("shard");

constexpr Millis kSilenceMax{3500};  // Of a router that has left writes unsettled.
constexpr size_t kStaleEntriesPerTick = 2000;
constexpr size_t kOrphansPerTick = 256;

}  // namespace

void Shard::on_tick() {
  stats_.steps.add();
  const topology::Topology* const topology =
      standing_.table == nullptr ? nullptr : &standing_.table->topology();
  if (refusal_of_all().empty()) log_gauges_.look(*store_, topology, loop_.now());
  publish();
  host_.take_report(options_.index, report());
  clear_stale_logs();
  close_silent_links();
  settle_orphans();
  if (sharer_ != nullptr) sharer_->tidy();
}

// A router that lost power, froze or was cut off may never end its connection, and what it has left
// unsettled would stay so until it is old: readers would wait, and a recovery. One that lives has
// more to say, if only what is settled, or makes a new connection. It counts as gone since it was
// heard last: so readers have their answers before a request-timeout of the usual length, and a
// wire that is cut for some seconds costs no write.
void Shard::close_silent_links() {
  if (unsettled_.size() == 0) return;
  const std::set<uint32_t> writers = unsettled_.writers();
  std::vector<ShardSession*> silent;
  for (const auto& [id, session] : sessions_) {
    const bool is_silent = session->silence(loop_.now()) > kSilenceMax;
    if (is_silent && writers.contains(session->writer())) silent.push_back(session.get());
  }
  for (ShardSession* const session : silent) {
    const uint32_t writer = session->writer();
    const auto silence = session->silence(loop_.now());
    kLog.warning("{}: writer {} has said nothing of its writes for {} ms; its connection is closed",
                 options_.name, writer, std::chrono::duration_cast<Millis>(silence).count());
    session->close();
    unsettled_.on_unlinked(writer, loop_.now() - silence);
  }
}

void Shard::settle_orphans() {
  if (settler_ == nullptr || !refusal_of_all().empty()) return;
  commit_now();
  settler_->settle(unsettled_.orphans(loop_.now() - resp::kOrphanGrace, kOrphansPerTick));
}

// What is kept for a node that is up again nobody will ask for, nor for one that is gone for good
// once nobody recovers.
void Shard::clear_stale_logs() {
  if (standing_.table == nullptr || !refusal_of_all().empty() || !refusal_of_writes().empty())
    return;
  const bool is_whole = standing_.table->topology().is_whole();
  for (const topology::NodeId target : store_->log_targets()) {
    const topology::Node* const node = standing_.table->topology().find(target);
    const bool stale = node == nullptr || node->state == topology::NodeState::kUp ||
                       (node->state == topology::NodeState::kDead && is_whole);
    if (!stale) continue;
    batch_open_ = true;
    loop_.schedule(*this);
    const Result<size_t> cleared = store_->log_clear(target, kStaleEntriesPerTick);
    if (!cleared.ok()) fail_batch(cleared.status());
    return;
  }
}

// Counts what is too dear to count at every commit.
void Shard::publish() {
  uint64_t keys = 0;
  for (const uint64_t count : store_->live_keys())
    keys += count;
  stats_.live_keys.set(static_cast<int64_t>(keys));
  LogStats logs;
  for (const topology::NodeId target : store_->log_targets()) {
    const LogStats of_target = store_->log_stats(target);
    logs.entries += of_target.entries;
    logs.bytes += of_target.bytes;
  }
  stats_.log_entries.set(static_cast<int64_t>(logs.entries));
  stats_.log_bytes.set(static_cast<int64_t>(logs.bytes));
  if (store_->offline()) stats_.offline.set(1);
}

ShardReport Shard::report() {
  ShardReport report;
  report.logs = log_gauges_.reports(loop_.now());
  for (LogReport& log : report.logs)
    log.full = is_log_full(log.target);
  if (recovery_ != nullptr) report.recovery = recovery_->progress();
  if (anti_entropy_ != nullptr) report.anti_entropy = anti_entropy_->progress();
  if (verification_ != nullptr && verification_->begun()) {
    report.verification = verification_->report();
  }
  return report;
}

Status Shard::add_to_batch(const std::function<Status(Store&)>& change) {
  if (const std::string refused = refusal_of_writes(); !refused.empty()) {
    return Status::unavailable(refused);
  }
  batch_open_ = true;
  loop_.schedule(*this);
  Status changed = change(*store_);
  if (!changed.ok()) fail_batch(changed);
  return changed;
}

Status Shard::add_copy(topology::Vnode vnode, const RecordCopy& record, Role role) {
  see_clock(record.header.version.hlc);
  const KeyRef key{vnode, record.key};
  return add_to_batch([&](Store& store) {
    const auto result = store.write(key, {record.header, record.value}, role, now_ms());
    if (result.ok() && result->applied) overtake(key, record.header.version, result->before);
    return result.status();
  });
}

Status Shard::commit_copies() {
  commit_now();
  return batch_error_;
}

void Shard::on_recovery_progress(uint32_t vnodes_left, topology::Epoch recovered) {
  stats_.vnodes_left.set(vnodes_left);
  stats_.recovered_epoch.set(static_cast<int64_t>(recovered));
}

}  // namespace doris::server

#include "server/anti_entropy.h"

#include <algorithm>
#include <ranges>

#include "base/log.h"
#include "server/shard.h"
#include "server/write_rule.h"

namespace doris::server {
namespace {

const Log kLog("anti-entropy");

// What is read, or removed, between two passes of the loop.
constexpr size_t kPageRecords = 256;
constexpr size_t kPageBytes = 256UL * 1024;

std::vector<topology::Vnode> primaries_of(const topology::RoutingTable& table,
                                          const topology::Replica& self, topology::Group group) {
  std::vector<topology::Vnode> vnodes;
  for (uint32_t v = 0; v < table.vnodes(); ++v) {
    const auto vnode = static_cast<topology::Vnode>(v);
    if (table.primary(vnode) == group && table.replica(vnode, group) == self) {
      vnodes.push_back(vnode);
    }
  }
  return vnodes;
}

}  // namespace

AntiEntropy::AntiEntropy(net::Loop& loop, Random& random, Shard& shard, const Standing& standing,
                         const Options& options, Round& round)
    : loop_(loop),
      random_(random),
      shard_(shard),
      standing_(standing),
      options_(options),
      round_(round),
      timer_(loop.timer([this] { (this->*next_step_)(); })) {
  if (!standing.table->topology().is_whole()) return;  // Some update logs may not be empty.
  vnodes_ = primaries_of(*standing.table, {standing.self, shard.options().index}, standing.group);
  if (vnodes_.empty()) return;
  pause_ = std::max(Millis{1}, options.interval / static_cast<int64_t>(vnodes_.size()));
  rest();
}

// With some chance, so that shards do not work in step.
void AntiEntropy::rest() {
  next_step_ = &AntiEntropy::begin_next;
  const auto pause = static_cast<uint64_t>(pause_.count());
  timer_->start(Millis{static_cast<int64_t>((pause + 1) / 2 + random_.below(pause + 1))});
}

std::optional<Progress> AntiEntropy::progress() const {
  if (vnodes_.empty() || !round_.since) return std::nullopt;
  const uint64_t done = std::min(round_.visited - 1, vnodes_.size());
  return Progress{vnodes_.size(), vnodes_.size() - done,
                  std::chrono::duration_cast<Millis>(loop_.now() - *round_.since)};
}

void AntiEntropy::begin_next() {
  if (!round_.since) round_.at = vnodes_[random_.below(vnodes_.size())];
  if (!round_.since || round_.visited >= vnodes_.size()) {
    round_.since = loop_.now();
    round_.visited = 0;
  }
  ++round_.visited;
  const auto next = std::ranges::upper_bound(vnodes_, round_.at);
  round_.at = next == vnodes_.end() ? vnodes_.front() : *next;
  expired_by_ms_ = shard_.now_ms() - options_.retention.count();
  const auto clock = static_cast<uint64_t>(std::max<int64_t>(expired_by_ms_, 0)) << 16;
  horizon_ = {static_cast<uint32_t>(standing_.epoch), clock, 0};
  dead_ = false;
  position_.clear();
  look_for_dead();
}

void AntiEntropy::look_for_dead() {
  const auto next = shard_.store().scan(
      round_.at, {position_, kPageRecords, kPageBytes}, Content::kRecords,
      [this](const KeyRef&, const RecordView& record) {
        dead_ = dead_ || is_reclaimable(record.header, horizon_, expired_by_ms_);
      });
  if (!next.ok()) {
    (void)shard_.refusal(next.status());  // Damage takes the shard offline.
    return give_up(next.status());
  }
  position_ = *next;
  next_step_ = position_.empty() ? &AntiEntropy::compare : &AntiEntropy::look_for_dead;
  timer_->start(Millis{0});
}

void AntiEntropy::compare() {
  if (dead_) {
    Status raised = shard_.add_to_batch(
        [this](Store& store) { return store.raise_floor(round_.at, horizon_); });
    if (raised.ok()) raised = shard_.commit_copies();
    if (!raised.ok()) return give_up(raised);
  }
  sync().add(round_.at);
}

VnodeSync& AntiEntropy::sync() {
  const topology::Replica where =
      standing_.table->replica(round_.at, topology::other_group(standing_.group));
  std::unique_ptr<VnodeSync>& found = syncs_[where];
  if (found == nullptr) {
    found = std::make_unique<VnodeSync>(
        loop_, shard_, make_peer_client(loop_, random_, standing_, where, shard_.options().name),
        std::vector<topology::Vnode>{}, VnodeSync::Aim{VnodeSync::Purpose::kRepair},
        VnodeSync::Callbacks{
            [this](topology::Vnode, const auto& differences) { on_compared(differences); }});
  }
  return *found;
}

void AntiEntropy::on_compared(const std::vector<VnodeSync::Difference>& differences) {
  shard_.stats().checked_vnodes.add();
  shard_.stats().differences.add(static_cast<int64_t>(differences.size()));
  for (const VnodeSync::Difference& difference : differences) {
    kLog.error("{}: vnode {}: key '{}' differed, {} had it older or not at all: mended",
               shard_.options().name, round_.at, difference.key,
               difference.here ? "this replica" : "the other one");
  }
  const bool settled = !shard_.unsettled().has_below(round_.at, shard_.store().floor(round_.at));
  if (!differences.empty() || !settled) return rest();
  position_.clear();
  next_step_ = &AntiEntropy::reclaim_here;
  timer_->start(Millis{0});
}

void AntiEntropy::reclaim_here() {
  if (!dead_) return reclaim_there();
  const size_t before = shard_.store().batch_writes();
  size_t removed = 0;
  Status reclaimed = shard_.add_to_batch([&](Store& store) {
    auto next = store.reclaim(round_.at, {position_, kPageRecords, kPageBytes}, expired_by_ms_);
    if (!next.ok()) return next.status();
    position_ = *std::move(next);
    removed = store.batch_writes() - before;
    return Status::okay();
  });
  if (reclaimed.ok()) reclaimed = shard_.commit_copies();
  if (!reclaimed.ok()) return give_up(reclaimed);
  shard_.stats().reclaimed.add(static_cast<int64_t>(removed));
  next_step_ = position_.empty() ? &AntiEntropy::reclaim_there : &AntiEntropy::reclaim_here;
  timer_->start(Millis{0});
}

// Also if nothing was dead here: it may be what an earlier visit did not come to there.
void AntiEntropy::reclaim_there() {
  sync().peer().ask(
      reclaim_command(round_.at, shard_.store().floor(round_.at), expired_by_ms_, position_),
      [this](const Result<resp::Value>& reply) { on_reclaimed_there(reply); });
}

void AntiEntropy::on_reclaimed_there(const Result<resp::Value>& reply) {
  const Result<ReclaimPage> page = reply.ok() ? read_reclaim_page(*reply) : reply.status();
  if (!page.ok()) return give_up(page.status());
  position_ = page->next;
  if (position_.empty()) {
    trouble_.clear();
    return rest();
  }
  reclaim_there();
}

void AntiEntropy::give_up(const Status& why) {
  if (why.message() != trouble_) {
    kLog.info("{}: vnode {} is left for the next round: {}", shard_.options().name, round_.at,
              why.message());
  }
  trouble_ = why.message();
  rest();
}

}  // namespace doris::server

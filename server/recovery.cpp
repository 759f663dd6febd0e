#include "server/recovery.h"

#include <utility>

#include "base/guard.h"
#include "base/log.h"
#include "server/shard.h"

namespace doris::server {
namespace {

const Log kLog("recovery");

}  // namespace

Recovery::Recovery(net::Loop& loop, Random& random, Shard& shard, const Standing& standing)
    : loop_(loop),
      random_(random),
      shard_(shard),
      standing_(standing),
      plan_(plan_recovery(*standing.table, standing.self, shard.options().index)),
      started_at_(loop.now()) {
  trust_what_is_here();
  vnodes_left_ = plan_.waiting;
  for (const auto* const tasks : {&plan_.compare, &plan_.fetch}) {
    for (const auto& [where, vnodes] : *tasks)
      vnodes_left_ += static_cast<uint32_t>(vnodes.size());
  }
  vnodes_ = vnodes_left_;
  kLog.info("{}: recovering in epoch {}: {} vnodes to compare with {} shards, {} wait",
            shard_.options().name, standing_.epoch, vnodes_left_ - plan_.waiting,
            plan_.compare.size() + plan_.fetch.size(), plan_.waiting);
  // Nobody reads here now, and routers may not have been able to say what was settled meanwhile.
  // Before this node is read, each vnode has been compared with one where all of that is settled.
  shard_.unsettled().forget_before(standing_.epoch);
  drain_logs();
  tell_progress();
}

std::unique_ptr<PeerClient> Recovery::client(const topology::Replica& where) const {
  return make_peer_client(loop_, random_, standing_, where, shard_.options().name);
}

// What this process had taken it has, if it has ever served; and may be asked to do again what it
// has forgotten that it did (Shard::set_standing()).
void Recovery::trust_what_is_here() {
  const bool has_all = shard_.has_been_up();
  if (has_all || !guarded(Guard::kOtherLogsRead)) plan_.other_logs.clear();
  if (has_all || !guarded(Guard::kBehindFetched)) plan_.fetch.clear();
}

void Recovery::drain_logs() {
  if (!guarded(Guard::kLogsDrained)) plan_.log_keepers.clear();
  drains_left_ = static_cast<uint32_t>(plan_.log_keepers.size() + plan_.other_logs.size());
  if (drains_left_ == 0) compare();
  const topology::RoutingTable& table = *standing_.table;
  const topology::Node& self = *table.topology().find(standing_.self);
  const uint8_t index = shard_.options().index;
  for (const topology::Replica& keeper : plan_.log_keepers) {
    drain(keeper, {.target = self.id,
                   .shards = self.shards,
                   .shard = index,
                   .is_needed = plan_.own_logs_needed});
  }
  const auto shares = [&table, replica = topology::Replica{self.id, index},
                       group = self.group](topology::Vnode vnode) {
    return vnode < table.vnodes() && table.replica(vnode, group) == replica;
  };
  for (const RecoveryPlan::OtherLog& log : plan_.other_logs) {
    drain(log.keeper, {log.target, self.shards, index, shares, log.is_needed});
  }
}

void Recovery::drain(const topology::Replica& keeper, LogDrain::Source source) {
  drains_.push_back(
      std::make_unique<LogDrain>(loop_, shard_, client(keeper), std::move(source), [this] {
        if (--drains_left_ == 0) compare();
        tell_progress();
      }));
}

void Recovery::compare() {
  if (!guarded(Guard::kDigestsCompared)) {
    vnodes_left_ = 0;
    return;
  }
  for (const auto& [where, vnodes] : plan_.compare)
    sync(where, vnodes, VnodeSync::Purpose::kRecover);
  for (const auto& [where, vnodes] : plan_.fetch)
    sync(where, vnodes, VnodeSync::Purpose::kFetch);
}

void Recovery::sync(const topology::Replica& where, const std::vector<topology::Vnode>& vnodes,
                    VnodeSync::Purpose purpose) {
  const auto on_vnode_done = [this](topology::Vnode, const auto&) {
    --vnodes_left_;
    tell_progress();
  };
  const VnodeSync::Aim aim{.purpose = purpose,
                           .failed_in = standing_.table->topology().find(where.node)->since};
  syncs_.push_back(std::make_unique<VnodeSync>(loop_, shard_, client(where), vnodes, aim,
                                               VnodeSync::Callbacks{on_vnode_done}));
}

Progress Recovery::progress() const {
  return {.total = vnodes_,
          .left = vnodes_left_,
          .elapsed = std::chrono::duration_cast<Millis>(loop_.now() - started_at_)};
}

void Recovery::tell_progress() {
  shard_.on_recovery_progress(vnodes_left_, complete() ? standing_.epoch : 0);
}

}  // namespace doris::server

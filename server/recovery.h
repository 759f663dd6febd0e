// Recovery: brings one shard of a node that is `recovering` up to date with the others, so that
// the node may be `up`. Lives as long as the node recovers in one epoch; a new epoch starts
// another one, which finds most of the work done by comparing digests.
//
//   plan (recovery_plan.h) --> every LogDrain --> every VnodeSync --> complete
//
// Live writes reach this node from the moment it is `recovering`; what was written before is
// brought here. So when each vnode was once compared after that, the node has all.
//
// Two that recover need each other's answers only, and only one of them waits until the other is
// up: so neither holds up both.
//
// Loop thread only.
#pragma once

#include <memory>
#include <vector>

#include "base/net/loop.h"
#include "base/progress.h"
#include "base/random.h"
#include "server/log_drain.h"
#include "server/recovery_plan.h"
#include "server/standing.h"
#include "server/vnode_sync.h"

namespace doris::server {

class Recovery {
 public:
  // Starts at once. References outlive this. REQUIRES: `standing` is ready, and its node owns
  // vnodes.
  Recovery(net::Loop& loop, Random& random, Shard& shard, const Standing& standing);

  // Vnodes of this shard that are not known to be complete yet.
  [[nodiscard]] uint32_t vnodes_left() const { return vnodes_left_; }
  [[nodiscard]] Progress progress() const;
  [[nodiscard]] bool complete() const { return drains_left_ == 0 && vnodes_left_ == 0; }

 private:
  [[nodiscard]] std::unique_ptr<PeerClient> client(const topology::Replica& where) const;
  void trust_what_is_here();
  void drain_logs();
  void drain(const topology::Replica& keeper, LogDrain::Source source);
  void compare();
  void sync(const topology::Replica& where, const std::vector<topology::Vnode>& vnodes,
            VnodeSync::Purpose purpose);
  void tell_progress();

  net::Loop& loop_;
  Random& random_;
  Shard& shard_;
  const Standing standing_;
  RecoveryPlan plan_;
  uint32_t drains_left_ = 0;
  uint32_t vnodes_left_ = 0;
  uint32_t vnodes_ = 0;  // At the beginning.
  const TimePoint started_at_;

  // Kept until the end: they must not be destroyed from inside their callbacks.
  std::vector<std::unique_ptr<LogDrain>> drains_;
  std::vector<std::unique_ptr<VnodeSync>> syncs_;
};

}  // namespace doris::server

// Verification: one comparison of all vnodes of which this shard has the primary replica with their
// other replicas, as an operator has asked for (DORIS.VERIFY): at once, and with a report.
//
// It outlives epochs: what is left goes on in the next one. Vnodes that cannot be compared - one
// replica is not up, or their primary has moved meanwhile - are skipped, and counted.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/net/loop.h"
#include "base/random.h"
#include "server/shard_report.h"
#include "server/standing.h"
#include "server/vnode_sync.h"

namespace doris::server {

class Verification {
 public:
  // `id` is the operator's command's, not 0. References outlive this.
  Verification(net::Loop& loop, Random& random, Shard& shard, uint64_t id, bool repairs);

  // Starts, or goes on, as `standing` has it. To be called at each new one.
  void go_on(const Standing& standing);

  [[nodiscard]] uint64_t id() const { return report_.id; }

  // Whether it knows what there is to compare. Before that, report() says nothing.
  [[nodiscard]] bool begun() const { return begun_; }

  // What it has come to.
  [[nodiscard]] VerificationReport report() const;

 private:
  void begin(const Standing& standing);
  void on_vnode_done(topology::Vnode vnode, const std::string& peer,
                     const std::vector<VnodeSync::Difference>& differences);

  net::Loop& loop_;
  Random& random_;
  Shard& shard_;
  const bool repairs_;
  const TimePoint started_at_;
  bool begun_ = false;
  VerificationReport report_;
  std::set<topology::Vnode> left_;
  std::vector<std::unique_ptr<VnodeSync>> syncs_;  // Of one epoch.
};

}  // namespace doris::server

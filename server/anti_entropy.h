// AntiEntropy: what goes on in the background while all is well: one vnode after the other, of
// those of which this shard has the primary replica, is compared with its other replica, mended,
// and rid of its dead. One round takes anti-entropy-interval.
//
//   look for dead records below the horizon, reading the whole vnode (so that damage is found)
//     any? raise the floor here: no write below it is ordered any more
//   compare and mend (vnode_sync.h); no difference, and nothing below the floor unsettled?
//     reclaim here, then there (VRECLAIM): raise the floor, remove the dead below it
//
// The horizon is tombstone-retention ago. Why no reclaimed key can come back: what is absent counts
// as deleted in the version of the floor (write_rule.h), on each replica by itself. A replica
// raises its floor only when it holds every acknowledged write below it: the primary since it
// orders them, the other since it was compared after that. While any node has failed or recovers,
// and so there are update logs, nothing is done.
//
// Lives as long as the node is up in one epoch. Loop thread only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/net/loop.h"
#include "base/progress.h"
#include "base/random.h"
#include "server/standing.h"
#include "server/vnode_sync.h"

namespace doris::server {

class AntiEntropy {
 public:
  struct Options {
    Millis interval;   // Of one round.
    Millis retention;  // Of tombstones and expired records.
  };
  // How far it has come. It outlives epochs, and not the process: so it begins anywhere, or a
  // server that restarts often would never come to its last vnodes.
  struct Round {
    topology::Vnode at = 0;               // The vnode being worked on, or done last.
    size_t visited = 0;                   // Of this round, with that one.
    std::optional<TimePoint> since = {};  // When the round began.
  };

  // Goes on where `round` is, and keeps it up to date. References outlive this. REQUIRES:
  // `standing` is ready, and its node is up and owns vnodes.
  AntiEntropy(net::Loop& loop, Random& random, Shard& shard, const Standing& standing,
              const Options& options, Round& round);

  // Of this round, in vnodes; nothing while there is none.
  [[nodiscard]] std::optional<Progress> progress() const;

 private:
  void rest();
  void begin_next();
  void look_for_dead();
  void compare();
  void on_compared(const std::vector<VnodeSync::Difference>& differences);
  void reclaim_here();
  void reclaim_there();
  void on_reclaimed_there(const Result<resp::Value>& reply);
  void give_up(const Status& why);
  VnodeSync& sync();

  net::Loop& loop_;
  Random& random_;
  Shard& shard_;
  const Standing standing_;
  const Options options_;
  Round& round_;
  std::vector<topology::Vnode> vnodes_;  // To visit, in ascending order.
  Millis pause_{0};                      // Between the beginnings of two visits.
  std::map<topology::Replica, std::unique_ptr<VnodeSync>> syncs_;
  const std::unique_ptr<net::Timer> timer_;
  void (AntiEntropy::*next_step_)() = nullptr;  // What the timer's end begins.

  // The visit of one vnode.
  resp::Version horizon_;
  int64_t expired_by_ms_ = 0;
  bool dead_ = false;
  std::string position_;
  std::string trouble_;  // Of the last one that was given up.
};

}  // namespace doris::server

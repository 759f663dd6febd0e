// Supervisor: what is known of each data server, from its heartbeats (monitor.h), from others
// that cannot reach it (arbiter.h), and from the starts of its process.
//
//   heartbeats --> Monitor --+
//   reports, witnesses ------+--> facts(node) --> follow_facts() (failover.h)
//   registrations -----------+
//
// A server that has restarted serves nothing until it has registered again, and not before that
// is it known what it missed: its *incarnation*, drawn when a process starts, shows the restart.
//
// Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "admin/arbiter.h"
#include "admin/failover.h"
#include "admin/monitor.h"
#include "base/net/loop.h"
#include "base/random.h"
#include "base/topology/topology.h"

namespace doris::admin {

class Supervisor final : private net::PassTask {
 public:
  // `on_news` runs at the end of a pass in which something came in that may change facts; it may
  // call anything here. `loop` and `random` outlive this.
  Supervisor(net::Loop& loop, Random& random, const Monitor::Options& options,
             std::function<void()> on_news);
  ~Supervisor() override;

  // Watches the nodes of `topology` from now on, and sends them `text`, which is the same.
  // `topology` stays valid until the next call.
  void watch(const topology::Topology& topology, const std::string& text);

  [[nodiscard]] const NodeHealth* health(topology::NodeId node) const {
    return monitor_.health(node);
  }

  // See Monitor.
  void want(const WantedVerification& verification) { monitor_.want(verification); }
  [[nodiscard]] const WantedVerification& wanted() const { return monitor_.wanted(); }

  // REQUIRES: `node` is one of the topology that is watched.
  [[nodiscard]] NodeFacts facts(const topology::Node& node);

  // `observer` says that `node` does not answer it.
  void note_report(const std::string& observer, const topology::Node& node);

  // Whether a process of `node` with this incarnation is another one than the one that serves.
  [[nodiscard]] bool is_restart(topology::NodeId node, uint64_t incarnation) const;

  // This process of `node` serves from now on.
  void note_serving(topology::NodeId node, uint64_t incarnation) {
    serving_[node] = incarnation;
    let_in_.insert(node);
  }

  // Whether it was, and has not been heard to serve, or to be silent, since.
  [[nodiscard]] bool was_let_in(topology::NodeId node) const { return let_in_.contains(node); }

 private:
  void on_pass_end() override { on_news_(); }
  void on_health(const topology::Node& node, const NodeHealth& health);
  void log_change(const topology::Node& node, const NodeHealth& health);
  [[nodiscard]] bool is_anybody_unknown() const;
  [[nodiscard]] bool does_not_serve(const topology::Node& node, const NodeHealth& health) const;
  void note_epochs();
  [[nodiscard]] bool lags(topology::NodeId node) const;
  [[nodiscard]] std::string what_hampers(const topology::Node& node, const Heartbeat& last) const;
  void look_again();
  [[nodiscard]] std::vector<topology::Node> others_that_answer(topology::NodeId but) const;

  // An epoch that a node lacks, and since when it could have it.
  struct Lag {
    topology::Epoch epoch;
    TimePoint since;
  };

  net::Loop& loop_;
  const Millis silence_max_;  // So long may a shard do nothing: longer than a server says nothing,
                              // for a disk may be slow; and not so long that what it has under
                              // way is too old to be proposed anew (kProposalTimeMax).
  const std::function<void()> on_news_;
  const topology::Topology* topology_ = nullptr;  // Before the first watch().
  Monitor monitor_;
  Arbiter arbiter_;
  std::set<topology::NodeId> heard_;              // Who has answered since this began.
  std::map<topology::NodeId, Health> shown_;      // What the log says of each.
  std::map<topology::NodeId, uint64_t> serving_;  // Incarnations, of nodes that are up.
  std::set<topology::NodeId> let_in_;  // Of those, who has not been heard to serve since.
  std::map<topology::NodeId, TimePoint> idle_since_;  // Of those that answer and do not serve.
  std::map<topology::NodeId, Lag> lags_;              // Of those that lack an epoch.
  const std::unique_ptr<net::Timer> looker_;          // Sees what comes with time alone.
};

}  // namespace doris::admin

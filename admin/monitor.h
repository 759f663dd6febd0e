// Monitor: asks every data server, again and again, whether it is well, and brings those
// that are behind up to the newest topology.
//
//   every heartbeat-interval:  DORIS.HEARTBEAT cluster epoch verification  -> NodeHealth, Observer
//   after one that failed:     the next one at once
//   a node's epoch < ours:     DORIS.ADOPT topology
//
// A heartbeat that has not been answered is not followed by another: a frozen server costs
// one connection, not one more each interval.
//
// Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "admin/node_health.h"
#include "base/net/loop.h"
#include "base/random.h"
#include "base/topology/topology.h"
#include "resp/client.h"

namespace doris::admin {

// A DORIS.VERIFY that data servers are to carry out. In memory only: with the admin it ends.
struct WantedVerification {
  uint64_t id = 0;  // 0: none.
  bool repairs = false;

  bool operator==(const WantedVerification&) const = default;
};

class Monitor {
 public:
  struct Options {
    Millis interval;
    Millis timeout;     // For the answer to a heartbeat.
    uint32_t failures;  // So many in a row make a node kDown.
  };

  // Told when a node's health has changed, or what its heartbeat says, and at every heartbeat that
  // is missed. This is where a decision about a failed node
  // starts; whoever changes the topology in consequence does so from a posted function,
  // since watch() may not be called from here.
  using Observer = std::function<void(const topology::Node& node, const NodeHealth& health)>;

  // `loop` and `random` outlive this.
  Monitor(net::Loop& loop, Random& random, const Options& options, Observer observer);
  ~Monitor();

  // Watches the nodes of `topology` from now on, and sends them `text`, which is the same.
  // A node that stays at its address keeps its health.
  void watch(const topology::Topology& topology, const std::string& text);

  // Every node is to carry out this verification, from its next heartbeat on.
  void want(const WantedVerification& verification) { verification_ = verification; }
  [[nodiscard]] const WantedVerification& wanted() const { return verification_; }

  // Asks `node` at once, as if its time had come.
  void ask_now(topology::NodeId node);

  // nullptr if the node is not watched: there is none, or it is dead.
  [[nodiscard]] const NodeHealth* health(topology::NodeId node) const;

 private:
  class Probe;  // One node's: monitor.cpp.

  net::Loop& loop_;
  Random& random_;
  const Options options_;
  const Observer observer_;

  // The newest topology.
  std::string cluster_;
  topology::Epoch epoch_ = 0;
  std::string text_;

  WantedVerification verification_;

  std::map<topology::NodeId, std::unique_ptr<Probe>> probes_;
};

}  // namespace doris::admin

// Arbiter: whether a data server that does not answer the admin has failed, or only the way to it.
//
//   a refused connection     says that the machine is there and the process is not: enough
//   silence                  may be the admin's own fault: another server is asked to try
//                            (DORIS.PROBE), or a router has reported the same (DORIS.REPORT)
//
// One observer alone fails nobody. If nobody else can be asked, it is the admin that is cut off.
//
// Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admin/node_health.h"
#include "base/net/loop.h"
#include "base/random.h"
#include "base/topology/topology.h"
#include "resp/client.h"

namespace doris::admin {

class Arbiter {
 public:
  // `on_opinion` runs when something has come in that may change a verdict. `loop` and `random`
  // outlive this.
  Arbiter(net::Loop& loop, Random& random, Millis probe_timeout, std::function<void()> on_opinion);

  // `observer` says that `node` does not answer it.
  void reported(const std::string& observer, const topology::Node& node);

  // `node` has missed a heartbeat: `others` are asked, if they were not a moment ago.
  void suspect(const topology::Node& node, const std::vector<topology::Node>& others);

  // Whether `node` has failed. If that cannot be told yet, `others` are asked, and on_opinion
  // follows. REQUIRES: `health` is kDown.
  bool has_failed(const topology::Node& node, const NodeHealth& health,
                  const std::vector<topology::Node>& others);

  // The node answers again: what was said of it is of the past.
  void forget(topology::NodeId node) { cases_.erase(node); }

 private:
  struct Case {
    TimePoint reported_at{};
    TimePoint asked_at{};
    uint32_t unanswered = 0;    // Of those asked.
    uint32_t agree = 0;         // It does not answer them either.
    uint32_t contradict = 0;    // It does.
    bool contradicted = false;  // By those asked before, which holds until all of these answered.
    std::vector<std::unique_ptr<resp::Client>> witnesses;
  };

  [[nodiscard]] static bool is_contradicted(const Case& of) {
    return of.contradict > 0 || (of.unanswered > 0 && of.contradicted);
  }
  void ask(Case& of, const topology::Node& node, const std::vector<topology::Node>& others);
  void on_answer(topology::NodeId id, const std::string& name, const Result<resp::Value>& reply);

  net::Loop& loop_;
  Random& random_;
  const Millis probe_timeout_;
  const std::function<void()> on_opinion_;
  std::map<topology::NodeId, Case> cases_;
};

}  // namespace doris::admin

// WatcherList: who follows the topology, as DORIS.STATUS shows it. Routers and data servers
// are known only by the polls they send, so one that has sent none for a while is forgotten.
// Pure: callers pass `now`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/topology/topology.h"

namespace doris::admin {

struct Watcher {
  std::string address;        // As it calls itself.
  topology::Epoch epoch = 0;  // The newest that it holds.
  TimePoint until;            // Forgotten then, unless it polls again.
};

class WatcherList {
 public:
  // How long after a poll has ended its sender is remembered.
  static constexpr Millis kGrace{10000};
  static constexpr size_t kWatchersMax = 4096;  // One more is served, but not listed.

  // `address` holds `epoch`, and polls for up to `wait` from `now` on.
  void polled(const std::string& address, topology::Epoch epoch, Millis wait, TimePoint now);

  // By address.
  [[nodiscard]] std::vector<Watcher> list(TimePoint now);

 private:
  void forget_old(TimePoint now);

  std::map<std::string, Watcher> watchers_;
};

}  // namespace doris::admin

// SimFaults: one fault after the other, on one machine at a time. The next one comes only when
// the cluster is whole again: that is what Doris promises to survive.
//
//   SimFaults faults(cluster, {Fault::kKillServer, Fault::kCutServer});
//   while (time_is_left()) {
//     world.run_for(...);
//     if (!faults.strike_and_mend()) FAIL("...");
//   }
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/sim_cluster.h"

namespace doris::sim {

enum class Fault : uint8_t {
  kResets,       // Many connections are reset.
  kKillRouter,   // kill -9, and a start some time later.
  kPowerRouter,  // The same without a word to the peers.
  kKillAdmin,
  kKillServer,
  kPowerServer,   // The same without a word to the peers, and without what was not synced.
  kEmptyServer,   // One comes back with an empty disk.
  kOlderServer,   // Or with one of a while ago.
  kFullServer,    // One's disk is full, or is so again and again.
  kFreezeServer,  // And a thaw.
  kFreezeRouter,
  kCutLink,          // Between a router and a server, one way or both.
  kCutServer,        // From everybody.
  kSkew,             // A router's clock of the wall goes wrong, and stays so.
  kCutAdmin,         // From all data servers; the routers reach everybody.
  kCutAdminAndKill,  // A router is cut off from the admin, and a server dies and comes back.

  // Two at once, which may cost errors and time, and still no promise of what was answered.
  kCutGroupAndKill,    // A router is cut off from one group; then a server of the other one dies.
  kCutGroupAndFreeze,  // A router is cut off from one group, and freezes while it is forgotten.
  kKillAll,            // All programs at once, which start again in any order.
  kOlderFirst,         // All data servers at once; one comes back first, with an older disk.
  kKillAndPower,       // A server dies; while it is away one with the other copies loses power.
  kPowerInRecovery,    // A server dies; while it recovers one with the other copies loses power.
  kPowerAndResets,  // A server loses power; while it recovers, connections are reset all the time.
  kCutAndKill,      // A router is cut off from a server, which then dies.
  kPowerAndKill,  // A server loses power and comes back, cut off from a router; then another dies.
  kSkewAndCutTogether,  // A router whose clock is ahead, and a server, are cut off from all others.

  // What TCP allows, and is rare.
  kLateResets,  // Connections end for who called; what was under way from him arrives later.
};

[[nodiscard]] std::string name_of(Fault fault);

class SimFaults {
 public:
  // REQUIRES: `kinds` is not empty. `cluster` outlives this.
  SimFaults(SimCluster& cluster, std::vector<Fault> kinds)
      : cluster_(cluster), world_(cluster.world()), kinds_(std::move(kinds)) {}

  // A fault of a kind drawn from the world's chance, for up to `longest`, and its end. False
  // if the cluster is not whole again in a minute after that.
  bool strike_and_mend(Millis longest);

  // "1000.200 ms kill-server b2, for 400.100 ms", a line each.
  [[nodiscard]] const std::string& told() const { return told_; }

 private:
  void strike(Fault fault, Micros time);
  void kill(SimProgram& program, SimDisk::Crash how, Micros time);
  void back_up_some();
  void fill_up(size_t server, Micros time);
  void freeze(SimProgram& program, Micros time);
  void cut_link(Micros time);
  void cut_off(const SimProgram& program, Micros time);
  void cut_admin(Micros time);
  void cut_admin_and_kill(Micros time);
  void kill_all(Micros time);
  void older_first(Micros time);
  void kill_and_power(Micros time);
  void power_in_recovery(Micros time);
  void cut_group_and_kill(Micros time);
  void cut_group_and_freeze(Micros time);
  void cut_from_group(const SimProgram& router, uint64_t group);
  void power_and_resets(Micros time);
  void cut_and_kill(Micros time);
  void power_and_kill(Micros time);
  void skew_and_cut_together(Micros time);
  void late_resets(Micros time);
  void tell(const std::string& whom);

  SimProgram& some_server() { return cluster_.server(world_.random().below(cluster_.servers())); }
  SimProgram& some_router() { return cluster_.router(world_.random().below(cluster_.routers())); }

  SimCluster& cluster_;
  World& world_;
  const std::vector<Fault> kinds_;
  std::string told_;
};

}  // namespace doris::sim

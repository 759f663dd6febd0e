#include "tests/sim/sim_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace doris::sim {
namespace {

constexpr Micros kMendingMax{60'000'000};

// So long does it take at most until somebody has decided about a fault that is over.
constexpr Micros kNoticedAfter{500'000};

struct Name {
  Fault fault;
  const char* name;
};

// For so long does a fault of two come before the other one; and for so long if what the first one
// leaves under way is to be noticed by others.
constexpr Micros kBetweenTwo{50'000};
constexpr Micros kNoticedBetween{200'000};

// So long does a server take, roughly, until it is up again.
constexpr Micros kRecoveryMax{200'000};

// While a server recovers, every so often some connections are reset.
constexpr int kResetsMax = 100;
constexpr Micros kResetPause{5'000};

// So late may arrive what was under way when a connection was reset; and how often some are.
constexpr Micros kLateMax{50'000};
constexpr Micros kLatePause{20'000};

// For so long at most is a disk full, or has room, that is full again and again.
constexpr Micros kFullMax{3'000};

// By then the admin has heard how far a disk has come, or has even kept it.
constexpr Micros kMarkHeard{1'000'000};
constexpr Micros kMarkKept{6'000'000};

constexpr std::array kNames{
    Name{Fault::kResets, "resets"},
    Name{Fault::kKillRouter, "kill"},
    Name{Fault::kPowerRouter, "no power"},
    Name{Fault::kKillAdmin, "kill"},
    Name{Fault::kKillServer, "kill"},
    Name{Fault::kPowerServer, "no power"},
    Name{Fault::kEmptyServer, "empty disk"},
    Name{Fault::kOlderServer, "older disk"},
    Name{Fault::kFullServer, "full disk"},
    Name{Fault::kFreezeServer, "freeze"},
    Name{Fault::kFreezeRouter, "freeze"},
    Name{Fault::kCutLink, "cut link"},
    Name{Fault::kCutServer, "cut off"},
    Name{Fault::kSkew, "skew"},
    Name{Fault::kCutAdmin, "cut off"},
    Name{Fault::kCutAdminAndKill, "cut from the admin, and kill"},
    Name{Fault::kCutGroupAndKill, "cut group and kill"},
    Name{Fault::kCutGroupAndFreeze, "cut group and freeze"},
    Name{Fault::kKillAll, "kill all"},
    Name{Fault::kOlderFirst, "older disk first"},
    Name{Fault::kKillAndPower, "kill and no power"},
    Name{Fault::kPowerInRecovery, "kill, and no power in the recovery"},
    Name{Fault::kPowerAndResets, "no power, and resets"},
    Name{Fault::kCutAndKill, "cut and kill"},
    Name{Fault::kPowerAndKill, "no power, and kill"},
    Name{Fault::kSkewAndCutTogether, "cut off together"},
    Name{Fault::kLateResets, "late resets"},
};

double in_ms(Micros time) {
  return static_cast<double>(time.count()) / 1000;
}

}  // namespace

std::string name_of(Fault fault) {
  for (const Name& name : kNames)
    if (name.fault == fault) return name.name;
  return "?";
}

bool SimFaults::strike_and_mend(Millis longest) {
  back_up_some();
  const Fault fault = kinds_[world_.random().below(kinds_.size())];
  const Micros time = world_.between(Micros{1000}, longest);
  told_ += fmt::format("{:.3f} ms, for {:.3f} ms: {}", in_ms(world_.elapsed()), in_ms(time),
                       name_of(fault));
  strike(fault, time);
  world_.run_for(kNoticedAfter);
  const bool whole = world_.run_until([this] { return cluster_.is_whole(); }, kMendingMax);
  told_ +=
      fmt::format(", {} at {:.3f} ms\n", whole ? "whole" : "NOT WHOLE", in_ms(world_.elapsed()));
  return whole;
}

void SimFaults::strike(Fault fault, Micros time) {
  switch (fault) {
    case Fault::kResets:
      cluster_.network().reset_some(1 + world_.random().below(100));
      return world_.run_for(time);
    case Fault::kKillRouter:
      return kill(some_router(), SimDisk::Crash::kProcess, time);
    case Fault::kPowerRouter:
      return kill(some_router(), SimDisk::Crash::kPower, time);
    case Fault::kKillAdmin:
      return kill(cluster_.admin(), SimDisk::Crash::kProcess, time);
    case Fault::kKillServer:
      return kill(some_server(), SimDisk::Crash::kProcess, time);
    case Fault::kPowerServer:
      return kill(some_server(), SimDisk::Crash::kPower, time);
    case Fault::kEmptyServer:
      return kill(some_server(), SimDisk::Crash::kLost, time);
    case Fault::kOlderServer:
      return kill(some_server(), SimDisk::Crash::kOlder, time);
    case Fault::kFullServer:
      return fill_up(world_.random().below(cluster_.servers()), time);
    case Fault::kFreezeServer:
      return freeze(some_server(), time);
    case Fault::kFreezeRouter:
      return freeze(some_router(), time);
    case Fault::kCutLink:
      return cut_link(time);
    case Fault::kCutServer:
      return cut_off(some_server(), time);
    case Fault::kSkew: {
      SimProgram& router = some_router();
      tell(router.name());
      const auto skew = world_.between(Micros{-10'000'000}, Micros{10'000'000});
      router.clock().set_skew(std::chrono::duration_cast<Millis>(skew));
      return world_.run_for(time);
    }
    case Fault::kCutAdmin:
      return cut_admin(time);
    case Fault::kCutAdminAndKill:
      return cut_admin_and_kill(time);
    case Fault::kCutGroupAndKill:
      return cut_group_and_kill(time);
    case Fault::kCutGroupAndFreeze:
      return cut_group_and_freeze(time);
    case Fault::kKillAll:
      return kill_all(time);
    case Fault::kOlderFirst:
      return older_first(time);
    case Fault::kKillAndPower:
      return kill_and_power(time);
    case Fault::kPowerInRecovery:
      return power_in_recovery(time);
    case Fault::kPowerAndResets:
      return power_and_resets(time);
    case Fault::kCutAndKill:
      return cut_and_kill(time);
    case Fault::kPowerAndKill:
      return power_and_kill(time);
    case Fault::kSkewAndCutTogether:
      return skew_and_cut_together(time);
    case Fault::kLateResets:
      return late_resets(time);
  }
}

void SimFaults::tell(const std::string& whom) {
  told_ += " " + whom;
}

void SimFaults::kill(SimProgram& program, SimDisk::Crash how, Micros time) {
  tell(program.name());
  cluster_.kill(program, how);
  world_.run_for(time);
  cluster_.network().set_power(program.machine(), true);
  program.start();
}

// At first all, so that whichever is chosen has an older disk.
void SimFaults::back_up_some() {
  if (std::ranges::find(kinds_, Fault::kOlderServer) == kinds_.end()) return;
  for (size_t i = 0; i < cluster_.servers(); ++i)
    if (told_.empty() || world_.chance(30)) cluster_.back_up(i);
}

void SimFaults::fill_up(size_t server, Micros time) {
  const bool again_and_again = world_.chance(50);
  tell(cluster_.server(server).name() + (again_and_again ? ", again and again" : ""));
  const Micros until = world_.elapsed() + time;
  while (world_.elapsed() < until) {
    cluster_.set_full(server, true);
    world_.run_for(again_and_again ? world_.between(Micros{0}, kFullMax) : time);
    cluster_.set_full(server, false);
    world_.run_for(world_.between(Micros{0}, kFullMax));
  }
}

void SimFaults::freeze(SimProgram& program, Micros time) {
  tell(program.name());
  program.freeze();
  world_.run_for(time);
  program.thaw();
}

void SimFaults::cut_link(Micros time) {
  const SimProgram& router = some_router();
  const SimProgram& server = some_server();
  const uint64_t ways = world_.random().below(3);  // To the server, from it, both.
  tell(fmt::format("{} and {}, {}", router.name(), server.name(),
                   std::array{"there", "back", "both ways"}[ways]));
  if (ways != 1) cluster_.network().cut(router.machine(), server.machine());
  if (ways != 0) cluster_.network().cut(server.machine(), router.machine());
  world_.run_for(time);
  cluster_.network().mend_all();
}

void SimFaults::cut_off(const SimProgram& program, Micros time) {
  tell(program.name());
  for (const SimProgram* const other : cluster_.programs())
    if (other != &program) cluster_.network().cut_both_ways(program.machine(), other->machine());
  world_.run_for(time);
  cluster_.network().mend_all();
}

void SimFaults::cut_admin(Micros time) {
  tell(cluster_.admin().name());
  for (size_t i = 0; i < cluster_.servers(); ++i)
    cluster_.network().cut_both_ways(cluster_.admin().machine(), cluster_.server(i).machine());
  world_.run_for(time);
  cluster_.network().mend_all();
}

void SimFaults::cut_admin_and_kill(Micros time) {
  const SimProgram& router = some_router();
  tell(router.name());
  cluster_.network().cut_both_ways(cluster_.admin().machine(), router.machine());
  kill(some_server(), SimDisk::Crash::kProcess, time);
  world_.run_for(kNoticedAfter);
  cluster_.network().mend_all();
}

// Servers of the groups alternate.
void SimFaults::cut_from_group(const SimProgram& router, uint64_t group) {
  for (size_t i = group; i < cluster_.servers(); i += 2)
    cluster_.network().cut_both_ways(router.machine(), cluster_.server(i).machine());
}

void SimFaults::cut_group_and_kill(Micros time) {
  const SimProgram& router = some_router();
  const uint64_t victim = world_.random().below(cluster_.servers());
  SimProgram& killed = cluster_.server(victim);
  tell(router.name());
  cut_from_group(router, 1 - victim % 2);
  world_.run_for(world_.between(Micros{0}, kNoticedBetween));
  kill(killed, SimDisk::Crash::kProcess, time);
  cluster_.network().mend_all();
}

// Whoever can, notices that its connections have ended, but for the router itself.
void SimFaults::cut_group_and_freeze(Micros time) {
  SimProgram& router = some_router();
  tell(router.name());
  cut_from_group(router, world_.random().below(2));
  world_.run_for(kBetweenTwo);
  router.freeze();
  cluster_.network().reset_some(100);
  world_.run_for(time);
  cluster_.network().mend_all();
  router.thaw();
}

void SimFaults::kill_all(Micros time) {
  std::vector<SimProgram*> programs = cluster_.programs();
  for (SimProgram* const program : programs)
    cluster_.kill(*program, SimDisk::Crash::kProcess);
  world_.run_for(time);
  while (!programs.empty()) {
    const auto next =
        programs.begin() + static_cast<ptrdiff_t>(world_.random().below(programs.size()));
    (*next)->start();
    programs.erase(next);
    world_.run_for(world_.between(Micros{0}, kBetweenTwo));
  }
}

void SimFaults::older_first(Micros time) {
  const size_t older = world_.random().below(cluster_.servers());
  const bool with_admin = world_.chance(30);
  tell(cluster_.server(older).name() + (with_admin ? ", and the admin" : ""));
  cluster_.back_up(older);
  world_.run_for(with_admin ? kMarkKept : kMarkHeard);
  for (size_t i = 0; i < cluster_.servers(); ++i) {
    const auto how = i == older ? SimDisk::Crash::kOlder : SimDisk::Crash::kProcess;
    cluster_.kill(cluster_.server(i), how);
  }
  if (with_admin) cluster_.kill(cluster_.admin(), SimDisk::Crash::kProcess);
  world_.run_for(world_.between(Micros{0}, kNoticedAfter));
  if (with_admin) cluster_.admin().start();
  cluster_.server(older).start();
  world_.run_for(time);
  for (size_t i = 0; i < cluster_.servers(); ++i)
    if (i != older) cluster_.server(i).start();
}

// What the second one has taken alone it loses; the update log of the first one has it.
void SimFaults::kill_and_power(Micros time) {
  const size_t first = world_.random().below(cluster_.servers());
  SimProgram& away = cluster_.server(first);
  SimProgram& other = cluster_.server(first % 2 == 0 ? first + 1 : first - 1);
  tell(away.name());
  cluster_.kill(away, SimDisk::Crash::kProcess);
  world_.run_for(world_.between(kNoticedAfter, 3 * kNoticedAfter));
  kill(other, SimDisk::Crash::kPower, time);
  world_.run_for(kNoticedAfter);
  away.start();
}

// What both have taken since the first one is back only that one has, and goes on to wait for the
// other.
void SimFaults::power_in_recovery(Micros time) {
  const size_t first = world_.random().below(cluster_.servers());
  SimProgram& recovering = cluster_.server(first);
  SimProgram& other = cluster_.server(first % 2 == 0 ? first + 1 : first - 1);
  kill(recovering, SimDisk::Crash::kProcess, kNoticedAfter);
  world_.run_for(world_.between(Micros{0}, kRecoveryMax));
  kill(other, SimDisk::Crash::kPower, time);
}

void SimFaults::power_and_resets(Micros time) {
  kill(some_server(), SimDisk::Crash::kPower, time);
  for (int i = 0; i < kResetsMax; ++i) {
    world_.run_for(kResetPause);
    cluster_.network().reset_some(20);
  }
}

void SimFaults::cut_and_kill(Micros time) {
  const SimProgram& router = some_router();
  SimProgram& victim = some_server();
  tell(router.name());
  cluster_.network().cut_both_ways(router.machine(), victim.machine());
  world_.run_for(world_.between(Micros{0}, kBetweenTwo));
  kill(victim, SimDisk::Crash::kProcess, time);
  cluster_.network().mend_all();
}

// The other one dies only if the first is whole again: else both copies would have gone.
void SimFaults::power_and_kill(Micros time) {
  const SimProgram& router = some_router();
  const uint64_t first = world_.random().below(cluster_.servers());
  kill(cluster_.server(first), SimDisk::Crash::kPower, world_.between(Micros{0}, kBetweenTwo));
  world_.run_for(world_.between(Micros{0}, kRecoveryMax));
  tell(router.name());
  cluster_.network().cut_both_ways(router.machine(), cluster_.server(first).machine());
  if (world_.run_until([this] { return cluster_.is_whole(); }, Micros{1'000'000})) {
    const uint64_t pairs = cluster_.servers() / 2;
    kill(cluster_.server(2 * world_.random().below(pairs) + 1 - first % 2),
         SimDisk::Crash::kProcess, time);
  }
  cluster_.network().mend_all();
}

void SimFaults::skew_and_cut_together(Micros time) {
  SimProgram& router = some_router();
  const SimProgram& server = some_server();
  tell(router.name());
  tell(server.name());
  for (const SimProgram* const other : cluster_.programs()) {
    if (other == &router || other == &server) continue;
    cluster_.network().cut_both_ways(router.machine(), other->machine());
    cluster_.network().cut_both_ways(server.machine(), other->machine());
  }
  router.clock().set_skew(Millis{10'000});
  world_.run_for(time);
  router.clock().set_skew(Millis{0});
  cluster_.network().mend_all();
}

void SimFaults::late_resets(Micros time) {
  const Micros until = world_.elapsed() + time;
  while (world_.elapsed() < until) {
    cluster_.network().reset_some_late(10, kLateMax);
    world_.run_for(kLatePause);
  }
}

}  // namespace doris::sim

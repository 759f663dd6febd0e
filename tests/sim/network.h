// Network: the simulated machines' addresses, the links between them, and who listens where.
//
// A link is one way. What travels on a link that is cut is held, and nobody is told, as TCP
// does it: when the link is whole again it arrives, late, or the connection turns out to be
// reset. A machine without power is cut off both ways.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/net/address.h"
#include "base/status.h"
#include "tests/sim/connection.h"
#include "tests/sim/world.h"

namespace doris::sim {

class SimListener;

class Network {
 public:
  explicit Network(World& world) : world_(world) {}
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  [[nodiscard]] World& world() { return world_; }

  // ---- Machines and links ----

  void cut(const std::string& from, const std::string& to) { cut_.emplace(from, to); }
  void cut_both_ways(const std::string& one, const std::string& other);
  void mend(const std::string& from, const std::string& to);
  void mend_all();
  void set_power(const std::string& machine, bool on);

  [[nodiscard]] bool reaches(const std::string& from, const std::string& to) const;

  // How long the next message on the way takes: mostly well below a millisecond, now and then
  // much longer.
  [[nodiscard]] Micros latency();

  // ---- Connections ----

  std::shared_ptr<Connection> connect(End caller, End callee);
  [[nodiscard]] uint64_t next_process() { return next_process_++; }
  void forget(const Connection& connection) { connections_.erase(connection.id()); }

  // Ends all connections of a process, whose programs have gone.
  void end_all(uint64_t process, Connection::Ending ending);

  // Resets some connections that are open between two machines: a firewall that forgets.
  void reset_some(uint64_t percent);

  // The same, but only who has called is told: what he has sent shortly before arrives up to
  // `late_max` later, and then the end.
  void reset_some_late(uint64_t percent, Micros late_max);

  // ---- Listeners ----

  // kExists. Port 0 takes the next free one.
  Result<uint16_t> listen(const net::Address& address, SimListener& listener);
  void unlisten(const net::Address& address, const SimListener& listener);
  [[nodiscard]] SimListener* listener(const net::Address& address) const;

 private:
  void deliver_held();

  World& world_;
  std::set<std::pair<std::string, std::string>> cut_;  // From, to.
  std::set<std::string> without_power_;
  std::map<uint64_t, std::shared_ptr<Connection>> connections_;
  uint64_t next_connection_ = 1;
  uint64_t next_process_ = 1;
  std::map<std::pair<std::string, uint16_t>, SimListener*> listeners_;
  uint16_t next_port_ = 40000;
};

}  // namespace doris::sim

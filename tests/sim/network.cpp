#include "tests/sim/network.h"

#include "tests/sim/sim_loop.h"

namespace doris::sim {
namespace {

constexpr uint64_t kLostPercent = 30;  // Of connections do not outlive a cut that held bytes.

}  // namespace

// ---- Machines and links --------------------------------------------------------------

void Network::cut_both_ways(const std::string& one, const std::string& other) {
  cut(one, other);
  cut(other, one);
}

void Network::mend(const std::string& from, const std::string& to) {
  cut_.erase({from, to});
  deliver_held();
}

void Network::mend_all() {
  cut_.clear();
  deliver_held();
}

void Network::set_power(const std::string& machine, bool on) {
  if (!on) {
    without_power_.insert(machine);
    return;
  }
  without_power_.erase(machine);
  deliver_held();
}

bool Network::reaches(const std::string& from, const std::string& to) const {
  return !cut_.contains({from, to}) && !without_power_.contains(from) &&
         !without_power_.contains(to);
}

Micros Network::latency() {
  if (world_.random().below(200) == 0) return world_.between(Micros{1000}, Micros{50'000});
  return world_.between(Micros{20}, Micros{500});
}

// ---- Connections ---------------------------------------------------------------------

std::shared_ptr<Connection> Network::connect(End caller, End callee) {
  const uint64_t id = next_connection_++;
  auto connection = std::make_shared<Connection>(*this, id, std::move(caller), std::move(callee));
  connections_.emplace(id, connection);
  return connection;
}

void Network::end_all(uint64_t process, Connection::Ending ending) {
  const auto now = connections_;  // Those that end leave the map.
  for (const auto& [id, connection] : now) {
    for (const auto side : {Connection::kCaller, Connection::kCallee}) {
      if (connection->end(side).process == process) connection->close(side, ending);
    }
  }
}

void Network::reset_some(uint64_t percent) {
  for (const auto& [id, connection] : connections_) {
    if (world_.chance(percent)) connection->sever();
  }
}

void Network::reset_some_late(uint64_t percent, Micros late_max) {
  for (const auto& [id, connection] : connections_) {
    if (!world_.chance(percent)) continue;
    const Micros hold = world_.between(Micros{0}, late_max / 5);
    connection->sever_late(hold, world_.between(hold, late_max));
  }
}

void Network::deliver_held() {
  for (const auto& [id, connection] : connections_) {
    if (!connection->holds()) continue;
    if (world_.chance(kLostPercent)) connection->sever();
    connection->deliver_held();
  }
}

// ---- Listeners -----------------------------------------------------------------------

Result<uint16_t> Network::listen(const net::Address& address, SimListener& listener) {
  const uint16_t port = address.port == 0 ? next_port_++ : address.port;
  if (!listeners_.emplace(std::pair(address.host, port), &listener).second) {
    return Status::exists(address.text() + " is in use");
  }
  return port;
}

void Network::unlisten(const net::Address& address, const SimListener& listener) {
  const auto found = listeners_.find({address.host, address.port});
  if (found != listeners_.end() && found->second == &listener) listeners_.erase(found);
}

SimListener* Network::listener(const net::Address& address) const {
  const auto found = listeners_.find({address.host, address.port});
  return found == listeners_.end() ? nullptr : found->second;
}

}  // namespace doris::sim

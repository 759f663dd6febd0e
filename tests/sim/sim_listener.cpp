#include "tests/sim/sim_listener.h"

#include "tests/sim/process.h"

namespace doris::sim {

SimListener::SimListener(SimLoop& loop, net::Loop::AcceptCallback on_accept)
    : loop_(loop), on_accept_(std::make_shared<net::Loop::AcceptCallback>(std::move(on_accept))) {
  loop_.listeners_.push_back(this);
}

SimListener::~SimListener() {
  close();
  std::erase(loop_.listeners_, this);
}

Status SimListener::open(const net::Address& address) {
  Result<uint16_t> port = loop_.process().network().listen(address, *this);
  if (!port.ok()) return port.status();
  address_ = {address.host, *port};
  return Status::okay();
}

void SimListener::close() {
  loop_.process().network().unlisten(address_, *this);
  for (const auto& connection : waiting_)
    connection->close(Connection::kCallee, Connection::Ending::kReset);
  waiting_.clear();
}

void SimListener::arrive(std::shared_ptr<Connection> connection) {
  waiting_.push_back(std::move(connection));
  loop_.wake();
}

void SimListener::accept_all() {
  std::deque<std::shared_ptr<Connection>> accepted;
  accepted.swap(waiting_);
  const auto on_accept = on_accept_;
  for (auto& connection : accepted)
    (*on_accept)(std::make_unique<SimAccepted>(std::move(connection)));
}

}  // namespace doris::sim

// SimListener: a listening port and the connections that wait to be accepted at it. SimAccepted:
// one of these on its way to the loop that will serve it.
#pragma once

#include <deque>
#include <memory>

#include "base/net/loop.h"
#include "tests/sim/sim_loop.h"

namespace doris::sim {

class SimAccepted final : public net::Accepted {
 public:
  explicit SimAccepted(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)) {}
  ~SimAccepted() override {
    if (connection_ != nullptr)
      connection_->close(Connection::kCallee, Connection::Ending::kFinish);
  }
  [[nodiscard]] std::shared_ptr<Connection> take() { return std::move(connection_); }

 private:
  std::shared_ptr<Connection> connection_;
};

class SimListener final : public net::Listener {
 public:
  SimListener(SimLoop& loop, net::Loop::AcceptCallback on_accept);
  ~SimListener() override;

  Status open(const net::Address& address);  // kExists.
  void close();                              // Resets those that wait.
  [[nodiscard]] uint16_t port() const override { return address_.port; }
  [[nodiscard]] SimLoop& loop() { return loop_; }

  // The kernel's part of it, and the program's, in a pass.
  void arrive(std::shared_ptr<Connection> connection);
  void accept_all();

 private:
  SimLoop& loop_;
  const std::shared_ptr<net::Loop::AcceptCallback> on_accept_;  // May destroy this.
  net::Address address_;
  std::deque<std::shared_ptr<Connection>> waiting_;
};

}  // namespace doris::sim

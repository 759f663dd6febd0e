// SimConnecting: an attempt to connect, with the two messages that it takes. What is held by a
// link that is cut is sent again each second, until the attempt ends.
#pragma once

#include <memory>

#include "base/net/loop.h"
#include "tests/sim/network.h"

namespace doris::sim {

class SimLoop;

class SimConnecting final : public net::Connecting {
 public:
  // See net::Loop::connect().
  SimConnecting(SimLoop& loop, net::Address address, Millis timeout,
                net::Loop::ConnectCallback on_connect);
  ~SimConnecting() override;  // Cancels.

 private:
  struct Attempt;
  const std::shared_ptr<Attempt> attempt_;
  const std::unique_ptr<net::Timer> timeout_;
};

}  // namespace doris::sim

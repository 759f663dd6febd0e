// EpochSeeker: gets a topology that data servers have seen and the admin does not tell, since the
// way to it is cut. Without one, every server would refuse what a router asks on the old one.
//
//   want(epoch) --> the admin is given a moment --> DORIS.PULL to some servers, one after the
//                                                   other, until one has it
//
// What a data server holds came from the admin, and a topology is taken by its epoch, whoever
// brings it.
//
// Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/net/loop.h"
#include "base/random.h"
#include "base/topology/topology.h"
#include "resp/client.h"

namespace doris::router {

class EpochSeeker {
 public:
  struct Callbacks {
    std::function<topology::Epoch()> held;  // The epoch of the newest topology held.
    std::function<void(const std::string& text)> on_topology;
  };

  // `loop` and `random` outlive this.
  EpochSeeker(net::Loop& loop, Random& random, Callbacks callbacks);

  // Somebody has seen `epoch`, or it may well be there, and `servers` may have it. Nothing if it is
  // held, or while an epoch is being sought already.
  void want(topology::Epoch epoch, const std::vector<topology::Node>& servers);

 private:
  void ask_next();

  net::Loop& loop_;
  Random& random_;
  const Callbacks callbacks_;
  topology::Epoch wanted_ = 0;         // 0: none is being sought.
  std::vector<net::Address> not_yet_;  // Who was not asked yet.
  std::unique_ptr<resp::Client> client_;
  const std::unique_ptr<net::Timer> next_;
};

}  // namespace doris::router

// TopologyFeed: how a router or a data server learns the topology from the admin.
//
//   register --refused--> wait, again          (REGISTER, PROTOCOL.md "Admin")
//      | accepted
//      v
//   WATCH (long poll) --text--> on_topology, WATCH again
//   PULL every pull_interval, and at once by pull_now()   --text--> on_topology
//
// Two ways, since a change must arrive within milliseconds (WATCH) and a long poll that
// hangs on a dead connection must not hide one for long (PULL). Epochs only rise: a text
// not newer than the last one given is dropped.
//
// Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/net/loop.h"
#include "base/topology/topology.h"
#include "resp/client.h"

namespace doris::resp {

class TopologyFeed {
 public:
  struct Options {
    net::Address admin;
    Millis pull_interval{3000};
    std::string watcher;  // Who watches, for DORIS.STATUS: an address.
  };

  struct Callbacks {
    // What to send to register, as things are now.
    std::function<std::vector<std::string>()> registration;
    // The admin's reply to it, an array. An error means: wait and register again.
    std::function<Status(const Value& reply)> on_registered;
    // A topology newer than held(). An error is logged; the next pull tries again.
    std::function<Status(const std::string& text)> on_topology;
    // The epoch of the newest topology held; 0 for none.
    std::function<topology::Epoch()> held;
  };

  // `loop` and `random` outlive this. Starts at once.
  TopologyFeed(net::Loop& loop, Random& random, Options options, Callbacks callbacks);

  // Asks now, since somebody has seen `epoch`. No more than one pull is under way.
  void pull_now(topology::Epoch epoch);

  [[nodiscard]] bool registered() const { return registered_; }

  // Why the admin cannot be reached or has refused; empty if all is well.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  // A connection to the admin for other calls.
  Client& client() { return calls_; }

 private:
  void register_now();
  Status accept(const Result<Value>& reply);
  void on_register_reply(const Result<Value>& reply);
  void watch();
  void pull();
  bool take(const Result<Value>& reply);
  Status take_text(const std::string& text);
  void note(std::string trouble);

  const Options options_;
  const Callbacks callbacks_;
  Backoff backoff_;
  Client calls_;
  Client watching_;
  std::unique_ptr<net::Timer> retry_;   // Registers or watches again.
  std::unique_ptr<net::Timer> puller_;  // Pulls every so often.
  bool registered_ = false;
  bool pulling_ = false;
  std::string trouble_;
};

}  // namespace doris::resp

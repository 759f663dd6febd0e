// Process: what a simulated program lives in: a control loop, the loops of its threads, and a
// kernel that remembers its connections when it dies.
//
//   Process process(network, "10.0.2.1", "a1");
//   Node node(process.loop(), clock, random, settings, process.thread_starter(), stores);
//   ...
//   process.die(Connection::Ending::kReset);   // kill -9: nothing that the objects do after
//   node.reset();                              // that, in their destructors, is seen outside.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/net/loop_host.h"
#include "tests/sim/network.h"
#include "tests/sim/sim_loop.h"

namespace doris::sim {

class Process {
 public:
  // `machine` is the host that its addresses name. The network outlives this.
  Process(Network& network, std::string machine, std::string name);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] const std::string& machine() const { return machine_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] uint64_t id() const { return id_; }
  [[nodiscard]] Network& network() { return network_; }
  [[nodiscard]] World& world() { return network_.world(); }

  // The main thread's. It runs whenever the world does.
  [[nodiscard]] net::Loop& loop() { return *control_; }
  [[nodiscard]] net::StartThread thread_starter();

  // Nothing runs until thaw(), and nobody is told: time and the network go on.
  void freeze() { frozen_ = true; }
  void thaw();
  [[nodiscard]] bool frozen() const { return frozen_; }

  // What the programs' objects do from now on has no effect on others.
  void die(Connection::Ending ending);
  [[nodiscard]] bool alive() const { return alive_; }

 private:
  friend class SimLoop;

  Network& network_;
  const std::string machine_;
  const std::string name_;
  const uint64_t id_;
  bool frozen_ = false;
  bool alive_ = true;
  std::vector<SimLoop*> loops_;  // All there are: they enter and leave by themselves.
  std::unique_ptr<SimLoop> control_;
};

}  // namespace doris::sim

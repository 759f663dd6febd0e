// SimProgram: one program of a cluster, on a machine, that can die and be started again.
//
//   SimProgram admin(network, "10.0.0.1", "admin", config, [](const net::Surroundings& around) {
//     ...
//   });
//   admin.start();
//   admin.kill(Connection::Ending::kReset);
//   admin.start();
//
// start() and kill() are called between the world's events, never from inside one.
#pragma once

#include <memory>
#include <string>

#include "base/config.h"
#include "base/net/program.h"
#include "tests/sim/process.h"

namespace doris::sim {

// A machine's clock of the wall, which may be wrong.
class SimClock final : public Clock {
 public:
  explicit SimClock(const World& world) : world_(world) {}
  [[nodiscard]] int64_t wall_ms() const override;
  void set_skew(Millis skew) { skew_ = skew; }

 private:
  const World& world_;
  Millis skew_{0};
};

class SimProgram {
 public:
  // `start` makes the program's object, as for net::run_program(). The network outlives this.
  SimProgram(Network& network, std::string machine, std::string name, Config config,
             net::StartProgram start);
  ~SimProgram();
  SimProgram(const SimProgram&) = delete;
  SimProgram& operator=(const SimProgram&) = delete;

  [[nodiscard]] const std::string& machine() const { return machine_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] SimClock& clock() { return clock_; }

  // REQUIRES: not running. Aborts if the program does not start: none has a reason not to.
  void start();

  // REQUIRES: running.
  void kill(Connection::Ending ending);
  [[nodiscard]] bool running() const { return process_ != nullptr; }

  void freeze() { process_->freeze(); }
  void thaw() { process_->thaw(); }

 private:
  Network& network_;
  const std::string machine_;
  const std::string name_;
  const Config config_;
  const net::StartProgram start_;
  SimClock clock_;
  Random random_;
  std::unique_ptr<Process> process_;
  std::shared_ptr<void> object_;  // Goes before its process.
};

}  // namespace doris::sim

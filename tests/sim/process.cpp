#include "tests/sim/process.h"

namespace doris::sim {
namespace {

// A thread of the simulation is a loop that has its turns like all others.
class SimThread final : public net::LoopHost {
 public:
  explicit SimThread(Process& process) : loop_(process) {}
  [[nodiscard]] net::Loop& loop() override { return loop_; }
  void run_and_wait(const std::function<void()>& function) override { loop_.run_now(function); }
  void stop() override {
    loop_.run_now([] {});
  }

 private:
  SimLoop loop_;
};

}  // namespace

Process::Process(Network& network, std::string machine, std::string name)
    : network_(network),
      machine_(std::move(machine)),
      name_(std::move(name)),
      id_(network.next_process()),
      control_(std::make_unique<SimLoop>(*this)) {}

Process::~Process() {
  die(Connection::Ending::kFinish);
}

net::StartThread Process::thread_starter() {
  return [this](const std::string&) { return std::make_unique<SimThread>(*this); };
}

void Process::thaw() {
  frozen_ = false;
  for (SimLoop* const loop : loops_)
    loop->wake();
}

void Process::die(Connection::Ending ending) {
  if (!alive_) return;
  alive_ = false;
  for (SimLoop* const loop : loops_)
    loop->leave_ports();
  network_.end_all(id_, ending);
}

}  // namespace doris::sim

#include "tests/sim/sim_program.h"

#include "base/check.h"

namespace doris::sim {
namespace {

constexpr int64_t kBeginningMs = 1'700'000'000'000;  // By the wall, in 2023.

}  // namespace

int64_t SimClock::wall_ms() const {
  const auto elapsed = std::chrono::duration_cast<Millis>(world_.elapsed());
  return kBeginningMs + (elapsed + skew_).count();
}

SimProgram::SimProgram(Network& network, std::string machine, std::string name, Config config,
                       net::StartProgram start)
    : network_(network),
      machine_(std::move(machine)),
      name_(std::move(name)),
      config_(std::move(config)),
      start_(std::move(start)),
      clock_(network.world()),
      random_(network.world().random().next()) {}

SimProgram::~SimProgram() {
  if (running()) kill(Connection::Ending::kFinish);
}

void SimProgram::start() {
  DORIS_CHECK(!running(), "a program runs once at a time");
  network_.world().note(name_ + " starts", 0);
  process_ = std::make_unique<Process>(network_, machine_, name_);
  auto started = start_({process_->loop(), clock_, random_, process_->thread_starter(), config_});
  DORIS_CHECK(started.ok(), started.status().message());
  object_ = *std::move(started);
}

void SimProgram::kill(Connection::Ending ending) {
  network_.world().note(name_ + " dies", static_cast<uint64_t>(ending));
  process_->die(ending);
  object_.reset();
  process_.reset();
}

}  // namespace doris::sim

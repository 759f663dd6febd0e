#include "tests/sim/sim_loop.h"

#include <algorithm>

#include "base/check.h"
#include "tests/sim/process.h"
#include "tests/sim/sim_connecting.h"
#include "tests/sim/sim_listener.h"
#include "tests/sim/sim_stream.h"
#include "tests/sim/sim_timer.h"

namespace doris::sim {

SimLoop::SimLoop(Process& process)
    : process_(process),
      world_(process.world()),
      id_(process.id() * 100 + process.loops_.size()),
      now_(world_.now()) {
  process_.loops_.push_back(this);
}

SimLoop::~SimLoop() {
  lingering_.clear();
  *lives_ = false;
  std::erase(process_.loops_, this);
}

// ---- Passes --------------------------------------------------------------------------

void SimLoop::wake() {
  wake_at(std::max(world_.now(), busy_until_) + world_.between(Micros{1}, Micros{20}));
}

void SimLoop::want_pass_end() {
  if (!in_pass_) wake();
}

void SimLoop::wake_at(TimePoint when) {
  if (!process_.alive() || (next_pass_ && *next_pass_ <= when)) return;
  next_pass_ = when;
  world_.at(when, [this, lives = lives_, when] {
    if (*lives && next_pass_ == when) run_pass();
  });
}

void SimLoop::run_pass() {
  next_pass_.reset();
  if (process_.frozen() || !process_.alive()) return;
  run_now([] {});
}

void SimLoop::run_now(const std::function<void()>& function) {
  now_ = world_.now();
  in_pass_ = true;
  world_.note("pass", id_);
  run_posted();
  function();
  fire_timers();
  for (SimListener* const listener : std::vector<SimListener*>(listeners_)) {
    if (std::find(listeners_.begin(), listeners_.end(), listener) != listeners_.end())
      listener->accept_all();
  }
  read_all();
  end_pass();
}

void SimLoop::run_posted() {
  for (size_t left = posted_.size(); left > 0; --left) {
    const std::function<void()> posted = std::move(posted_.front());
    posted_.pop_front();
    posted();
  }
}

// Timers that are started in this pass fire in a later one.
void SimLoop::fire_timers() {
  const uint64_t started = next_order_;
  while (SimTimer* const timer = next_timer()) {
    if (timer->due() > now_ || timer->order() >= started) break;
    timer->fire();
  }
}

// A stream may be destroyed, and others made, by what is read.
void SimLoop::read_all() {
  const std::vector<SimStream*> now = streams_;
  for (SimStream* const stream : now) {
    const auto lives = [&] {
      return std::find(streams_.begin(), streams_.end(), stream) != streams_.end();
    };
    while (lives() && stream->read_once()) {
    }
  }
}

void SimLoop::end_pass() {
  tasks_.run();
  for (SimStream* const stream : streams_)
    stream->flush();
  lingering_.clear();
  in_pass_ = false;
  busy_until_ = now_ + world_.between(Micros{2}, Micros{40});
  if (!posted_.empty()) wake();
  if (const SimTimer* const timer = next_timer()) wake_at(std::max(timer->due(), busy_until_));
}

void SimLoop::leave_ports() {
  for (SimListener* const listener : listeners_)
    listener->close();
}

// ---- net::Loop -----------------------------------------------------------------------

void SimLoop::run() {
  DORIS_CHECK(false, "the world runs the simulated loops");
}

void SimLoop::post(std::function<void()> function) {
  posted_.push_back(std::move(function));
  want_pass_end();
}

void SimLoop::schedule(net::PassTask& task) {
  tasks_.add(task);
  want_pass_end();
}

std::unique_ptr<net::Timer> SimLoop::timer(std::function<void()> on_fire) {
  return std::make_unique<SimTimer>(*this, std::move(on_fire));
}

SimTimer* SimLoop::next_timer() const {
  SimTimer* first = nullptr;
  for (SimTimer* const timer : timers_) {
    if (timer->running() && (first == nullptr || timer->key() < first->key())) first = timer;
  }
  return first;
}

Result<std::unique_ptr<net::Listener>> SimLoop::listen(const net::Address& address,
                                                       AcceptCallback on_accept) {
  auto listener = std::make_unique<SimListener>(*this, std::move(on_accept));
  DORIS_RETURN_IF_ERROR(listener->open(address));
  return std::unique_ptr<net::Listener>(std::move(listener));
}

Result<std::unique_ptr<net::Stream>> SimLoop::adopt(std::unique_ptr<net::Accepted> accepted) {
  std::shared_ptr<Connection> connection = static_cast<SimAccepted&>(*accepted).take();
  wake();
  return std::unique_ptr<net::Stream>(
      std::make_unique<SimStream>(*this, std::move(connection), Connection::kCallee));
}

std::unique_ptr<net::Connecting> SimLoop::connect(const net::Address& address, Millis timeout,
                                                  ConnectCallback on_connect) {
  return std::make_unique<SimConnecting>(*this, address, timeout, std::move(on_connect));
}

}  // namespace doris::sim

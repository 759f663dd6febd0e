// SimLoop: a net::Loop whose turns are events of the world.
//
// A pass is the real one: posted functions, due timers, connections that came, bytes that
// arrived, then pass tasks, then one flush per stream. It takes a few microseconds, in which
// the next pass gathers its work: that is where batches come from.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/net/loop.h"
#include "base/net/pass_queue.h"
#include "tests/sim/network.h"

namespace doris::sim {

class Process;
class SimListener;
class SimStream;
class SimTimer;

class SimLoop final : public net::Loop {
 public:
  explicit SimLoop(Process& process);
  ~SimLoop() override;

  [[nodiscard]] Process& process() { return process_; }

  // There will be something to do in a pass after this one, if this is one.
  void wake();

  // A pass, at once, with `function` in it behind what was posted.
  void run_now(const std::function<void()>& function);

  // The process has died: nobody can connect any more.
  void leave_ports();

  // ---- net::Loop ----

  void run() override;
  void stop() override {}  // It ends when it is destroyed.
  void post(std::function<void()> function) override;
  [[nodiscard]] TimePoint now() const override { return now_; }
  std::unique_ptr<net::Timer> timer(std::function<void()> on_fire) override;
  void schedule(net::PassTask& task) override;
  void cancel(net::PassTask& task) override { tasks_.remove(task); }
  Result<std::unique_ptr<net::Listener>> listen(const net::Address& address,
                                                AcceptCallback on_accept) override;
  Result<std::unique_ptr<net::Stream>> adopt(std::unique_ptr<net::Accepted> accepted) override;
  std::unique_ptr<net::Connecting> connect(const net::Address& address, Millis timeout,
                                           ConnectCallback on_connect) override;

 private:
  friend class SimListener;
  friend class SimStream;
  friend class SimTimer;

  void want_pass_end();  // What a pass that is running will do anyway.
  void wake_at(TimePoint when);
  void run_pass();
  void run_posted();
  void fire_timers();
  void read_all();
  void end_pass();
  [[nodiscard]] SimTimer* next_timer() const;
  std::unique_ptr<SimStream> stream_of(std::shared_ptr<Connection> connection,
                                       Connection::Side side);

  Process& process_;
  World& world_;
  const uint64_t id_;
  const std::shared_ptr<bool> lives_ = std::make_shared<bool>(true);  // Events ask.

  TimePoint now_;
  bool in_pass_ = false;
  TimePoint busy_until_{};              // The pass that ran last takes that long.
  std::optional<TimePoint> next_pass_;  // Of the event that is planned.
  uint64_t next_order_ = 0;             // Of timers.
  std::deque<std::function<void()>> posted_;
  std::vector<SimTimer*> timers_;
  std::vector<SimListener*> listeners_;
  std::vector<SimStream*> streams_;  // In the order adopted.
  std::vector<std::unique_ptr<SimStream>> lingering_;
  net::PassQueue tasks_;
};

}  // namespace doris::sim

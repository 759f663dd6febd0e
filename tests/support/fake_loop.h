// FakeLoop: a net::Loop of memory only, with a clock that stands until a test moves it.
//
//   FakeLoop loop;
//   auto [near, far] = loop.connected_pair();
//   near->output().append("PING\r\n");
//   near->flush_soon();
//   loop.settle();                 // Passes until nothing is left to do.
//   loop.advance(Millis{500});     // The clock, firing timers at their times.
//
// A pass is the real one: posted functions and due timers, connections, arrived bytes, then
// pass tasks, then one flush per stream. Bytes sent in a pass arrive in the next. The same
// calls always do the same in the same order. One thread; run() and stop() only settle.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/net/loop.h"
#include "base/net/pass_queue.h"

namespace doris::testing {

class FakeLoop;

// What is under way from one end of a connection to the other.
struct FakePipe {
  std::string bytes;         // Sent, and not read yet.
  size_t bytes_max = ~0UL;   // The kernel's buffers: more is refused. Tests may set it.
  bool sender_gone = false;  // The reader is told once it has read everything.
  bool reset = false;        // ... or at once, by an error.
  bool reader_gone = false;  // What is sent is lost.
};

class FakeStream final : public net::Stream {
 public:
  FakeStream(FakeLoop& loop, std::shared_ptr<FakePipe> in, std::shared_ptr<FakePipe> out,
             std::string peer);
  ~FakeStream() override;

  void start(net::StreamHandler& handler) override {
    DORIS_CHECK(handler_ == nullptr, "a stream starts once");
    handler_ = &handler;
  }
  Buffer& output() override { return output_; }
  void flush_soon() override { wants_flush_ = true; }
  [[nodiscard]] size_t unsent() const override { return output_.size(); }
  void pause_reading() override { paused_ = true; }
  void resume_reading() override { paused_ = false; }
  [[nodiscard]] const std::string& peer() const override { return peer_; }
  [[nodiscard]] std::string local() const override { return "127.0.0.1:6379"; }
  [[nodiscard]] TimePoint now() const override;

  // What this end has been sent, and what it has sent. For tests to look at and to spoil.
  [[nodiscard]] FakePipe& in() { return *in_; }
  [[nodiscard]] FakePipe& out() { return *out_; }
  [[nodiscard]] bool paused() const { return paused_; }

 protected:
  void linger(std::unique_ptr<net::Stream> self) override;

 private:
  friend class FakeLoop;
  bool read_once();
  bool flush();

  FakeLoop& loop_;
  const std::shared_ptr<FakePipe> in_;
  const std::shared_ptr<FakePipe> out_;
  const std::string peer_;
  net::StreamHandler* handler_ = nullptr;
  Buffer output_;
  bool wants_flush_ = false;
  bool owes_drained_ = false;
  bool paused_ = false;
  bool ended_ = false;
};

class FakeLoop final : public net::Loop {
 public:
  FakeLoop() = default;
  ~FakeLoop() override { lingering_.clear(); }

  // ---- For tests ----

  // One pass. False if there was nothing to do.
  bool run_pass();

  // Passes until there is nothing to do. Aborts if that does not end.
  void settle() {
    for (int passes = 0; run_pass(); ++passes) {
      DORIS_CHECK(passes < 1'000'000, "the loop does not come to rest");
    }
  }

  // Moves the clock by `time`, stopping at every timer that is due on the way, and settles.
  void advance(Millis time);

  // As if the program had been frozen: no timer fires on the way, and then all that are due.
  void oversleep(Millis time) {
    now_ += time;
    settle();
  }

  // Two ends that are connected, neither started.
  std::pair<std::unique_ptr<FakeStream>, std::unique_ptr<FakeStream>> connected_pair();

  // From now on a timer of 0 ms that is started by another one fires in the same pass, as with
  // libuv 1.44.
  void set_eager_timers(bool eager) { eager_timers_ = eager; }

  // From now on attempts to connect get no answer, as when a machine is cut off.
  void set_unreachable(bool unreachable) { unreachable_ = unreachable; }

  // How many attempts to connect there have been.
  [[nodiscard]] int connects() const { return connects_; }

  // ---- net::Loop ----

  void run() override { settle(); }
  void stop() override {}
  void post(std::function<void()> function) override { posted_.push_back(std::move(function)); }
  [[nodiscard]] TimePoint now() const override { return now_; }
  std::unique_ptr<net::Timer> timer(std::function<void()> on_fire) override;
  void schedule(net::PassTask& task) override { tasks_.add(task); }
  void cancel(net::PassTask& task) override { tasks_.remove(task); }
  Result<std::unique_ptr<net::Listener>> listen(const net::Address& address,
                                                AcceptCallback on_accept) override;
  Result<std::unique_ptr<net::Stream>> adopt(std::unique_ptr<net::Accepted> accepted) override {
    return std::move(static_cast<FakeAccepted&>(*accepted).stream);
  }
  std::unique_ptr<net::Connecting> connect(const net::Address& address, Millis timeout,
                                           ConnectCallback on_connect) override;

 private:
  friend class FakeStream;

  struct FakeTimer final : net::Timer {
    FakeTimer(FakeLoop& of, std::function<void()> function)
        : loop(of), on_fire(std::make_shared<std::function<void()>>(std::move(function))) {
      loop.timers_.push_back(this);
    }
    ~FakeTimer() override { std::erase(loop.timers_, this); }
    void start(Millis delay, Millis again) override {
      due = loop.now_ + delay;
      repeat = again;
      running = true;
      order = loop.next_order_++;
    }
    void stop() override { running = false; }

    FakeLoop& loop;
    const std::shared_ptr<std::function<void()>> on_fire;  // It may destroy its own timer.
    TimePoint due{};
    Millis repeat{0};
    uint64_t order = 0;
    bool running = false;
  };

  struct FakeListener final : net::Listener {
    ~FakeListener() override { loop->listeners_.erase(number); }
    [[nodiscard]] uint16_t port() const override { return number; }
    FakeLoop* loop = nullptr;
    uint16_t number = 0;
    AcceptCallback on_accept;
  };

  struct FakeAccepted final : net::Accepted {
    std::unique_ptr<net::Stream> stream;
  };

  struct FakeConnecting final : net::Connecting {
    std::unique_ptr<net::Timer> step;     // The answer, or the refusal.
    std::unique_ptr<net::Timer> timeout;  // Its end.
    std::shared_ptr<ConnectCallback> on_connect;
  };

  FakeTimer* next_timer(TimePoint until);
  void fire(FakeTimer& timer);
  void answer_connect(uint16_t port, ConnectCallback on_connect);
  template <class Step>
  bool for_each_stream(Step step);

  TimePoint now_ = TimePoint(std::chrono::hours(1000));
  std::deque<std::function<void()>> posted_;
  std::vector<FakeTimer*> timers_;
  uint64_t next_order_ = 0;
  std::map<uint16_t, FakeListener*> listeners_;
  std::vector<FakeStream*> streams_;
  std::vector<std::unique_ptr<FakeStream>> lingering_;
  net::PassQueue tasks_;
  uint16_t next_port_ = 40000;
  int connects_ = 0;
  bool unreachable_ = false;
  bool eager_timers_ = false;
};

// ---- FakeStream ----------------------------------------------------------------------

inline FakeStream::FakeStream(FakeLoop& loop, std::shared_ptr<FakePipe> in,
                              std::shared_ptr<FakePipe> out, std::string peer)
    : loop_(loop), in_(std::move(in)), out_(std::move(out)), peer_(std::move(peer)) {
  loop_.streams_.push_back(this);
}

inline FakeStream::~FakeStream() {
  in_->reader_gone = true;
  out_->sender_gone = true;
  std::erase(loop_.streams_, this);
}

inline TimePoint FakeStream::now() const {
  return loop_.now();
}

inline void FakeStream::linger(std::unique_ptr<net::Stream> self) {
  handler_ = nullptr;
  ended_ = true;
  wants_flush_ = true;
  in_->reader_gone = true;
  in_->bytes.clear();
  loop_.lingering_.emplace_back(static_cast<FakeStream*>(self.release()));
}

// Delivers what fits into one read, or the end. May destroy the stream.
inline bool FakeStream::read_once() {
  if (handler_ == nullptr || ended_ || paused_) return false;
  if (!in_->bytes.empty() && !in_->reset) {
    const std::span<char> room = handler_->read_buffer();
    DORIS_CHECK(!room.empty(), "a handler always has room to read into");
    const size_t count = std::min(room.size(), in_->bytes.size());
    std::copy_n(in_->bytes.begin(), count, room.begin());
    in_->bytes.erase(0, count);
    handler_->on_read(count);
    return true;
  }
  if (!in_->sender_gone && !in_->reset) return false;
  ended_ = true;
  handler_->on_end(in_->reset ? Status::io("connection reset") : Status::closed("peer closed"));
  return true;
}

// Sends what the other end has room for. May destroy the stream.
inline bool FakeStream::flush() {
  const bool blocked = owes_drained_ && out_->bytes.size() >= out_->bytes_max;
  if (!wants_flush_ || blocked) return false;
  if (out_->reader_gone) output_.clear();
  const size_t room = out_->bytes_max - std::min(out_->bytes_max, out_->bytes.size());
  const size_t count = std::min(room, output_.size());
  out_->bytes += output_.view().substr(0, count);
  output_.consume(count);
  wants_flush_ = !output_.empty();
  if (wants_flush_) {
    owes_drained_ = true;
    return count > 0;
  }
  if (std::exchange(owes_drained_, false) && handler_ != nullptr && !ended_) {
    handler_->on_drained();
  }
  return true;
}

// ---- FakeLoop ------------------------------------------------------------------------

// Calls `step` for the streams there are now, except those that die on the way.
template <class Step>
bool FakeLoop::for_each_stream(Step step) {
  bool any = false;
  const std::vector<FakeStream*> now = streams_;
  for (FakeStream* stream : now) {
    const bool alive = std::find(streams_.begin(), streams_.end(), stream) != streams_.end();
    if (alive) any |= step(*stream);
  }
  return any;
}

inline bool FakeLoop::run_pass() {
  bool any = false;
  for (size_t left = posted_.size(); left > 0; --left) {
    const std::function<void()> function = std::move(posted_.front());
    posted_.pop_front();
    function();
    any = true;
  }
  const uint64_t started = next_order_;  // Timers started in this pass fire in the next.
  while (FakeTimer* timer = next_timer(now_)) {
    if (timer->order >= started && !eager_timers_) break;
    fire(*timer);
    any = true;
  }
  while (for_each_stream([](FakeStream& stream) { return stream.read_once(); }))
    any = true;
  any |= !tasks_.empty();
  tasks_.run();
  any |= for_each_stream([](FakeStream& stream) { return stream.flush(); });
  std::erase_if(lingering_, [](const auto& stream) { return stream->output_.empty(); });
  return any;
}

inline void FakeLoop::advance(Millis time) {
  const TimePoint until = now_ + time;
  settle();
  while (FakeTimer* timer = next_timer(until)) {
    now_ = std::max(now_, timer->due);
    settle();
  }
  now_ = until;
  settle();
}

// The one that fires first, no later than `until`; nullptr if there is none.
inline FakeLoop::FakeTimer* FakeLoop::next_timer(TimePoint until) {
  FakeTimer* first = nullptr;
  for (FakeTimer* timer : timers_) {
    if (!timer->running || timer->due > until) continue;
    const auto key = [](const FakeTimer& of) { return std::pair(of.due, of.order); };
    if (first == nullptr || key(*timer) < key(*first)) first = timer;
  }
  return first;
}

inline void FakeLoop::fire(FakeTimer& timer) {
  timer.running = false;
  if (timer.repeat > Millis{0}) timer.start(timer.repeat, timer.repeat);
  const auto on_fire = timer.on_fire;
  (*on_fire)();
}

inline std::unique_ptr<net::Timer> FakeLoop::timer(std::function<void()> on_fire) {
  return std::make_unique<FakeTimer>(*this, std::move(on_fire));
}

inline std::pair<std::unique_ptr<FakeStream>, std::unique_ptr<FakeStream>>
FakeLoop::connected_pair() {
  auto there = std::make_shared<FakePipe>();
  auto back = std::make_shared<FakePipe>();
  const std::string peer = "127.0.0.1:" + std::to_string(next_port_++);
  return {std::make_unique<FakeStream>(*this, back, there, peer),
          std::make_unique<FakeStream>(*this, there, back, peer)};
}

inline Result<std::unique_ptr<net::Listener>> FakeLoop::listen(const net::Address& address,
                                                               AcceptCallback on_accept) {
  const uint16_t port = address.port == 0 ? next_port_++ : address.port;
  if (listeners_.contains(port)) return Status::exists(address.text() + ": in use");
  auto listener = std::make_unique<FakeListener>();
  listener->loop = this;
  listener->number = port;
  listener->on_accept = std::move(on_accept);
  listeners_.emplace(port, listener.get());
  return std::unique_ptr<net::Listener>(std::move(listener));
}

inline std::unique_ptr<net::Connecting> FakeLoop::connect(const net::Address& address,
                                                          Millis timeout,
                                                          ConnectCallback on_connect) {
  ++connects_;
  auto connecting = std::make_unique<FakeConnecting>();
  // Either timer may be the one that calls back, so both can reach the function.
  connecting->on_connect = std::make_shared<ConnectCallback>(std::move(on_connect));
  FakeConnecting& attempt = *connecting;
  attempt.step = timer([this, &attempt, port = address.port] {
    attempt.timeout->stop();
    answer_connect(port, std::move(*attempt.on_connect));
  });
  attempt.timeout = timer([&attempt] {
    attempt.step->stop();
    const ConnectCallback told = std::move(*attempt.on_connect);
    told(Status::timeout("no answer"));
  });
  attempt.timeout->start(timeout);
  if (!unreachable_) attempt.step->start(Millis{0});
  return connecting;
}

inline void FakeLoop::answer_connect(uint16_t port, ConnectCallback on_connect) {
  const auto found = listeners_.find(port);
  if (found == listeners_.end()) {
    on_connect(Status::unavailable("connection refused"));
    return;
  }
  auto [near, far] = connected_pair();
  auto accepted = std::make_unique<FakeAccepted>();
  accepted->stream = std::move(far);
  found->second->on_accept(std::move(accepted));
  on_connect(std::unique_ptr<net::Stream>(std::move(near)));
}

}  // namespace doris::testing

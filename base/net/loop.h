// Loop: one thread's event loop. The seam behind which libuv, or a simulation, stands.
//
// A *pass* is one turn of the loop: everything that is ready is handled, then the
// scheduled PassTasks run (commits), then every stream with output is flushed.
//
//        ready sockets, timers, posted functions
//              |  handlers append to Stream::output()
//              v
//        PassTasks, in the order scheduled   <- group commit lives here
//              |
//              v
//        one write per stream with output
//
// That order is the product's promise: a reply leaves after the commit it speaks of,
// and what arrived together commits together.
//
// Tied to a single thread: everything except post() and stop() is called on the
// thread that runs run(), or before run().
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/net/address.h"
#include "base/net/stream.h"
#include "base/status.h"

namespace doris::net {

// A one-shot or repeating timer. Destroying it stops it.
class Timer {
 public:
  virtual ~Timer() = default;

  // Fires once after `delay`, then every `repeat` if that is not 0. Restarts if running.
  // The callback may start, stop and destroy the timer.
  virtual void start(Millis delay, Millis repeat = Millis{0}) = 0;
  virtual void stop() = 0;
};

// Work for the end of the current pass. May schedule itself or others again: those
// run in the same pass. Owned by the caller, who outlives it or calls cancel().
class PassTask {
 public:
  virtual ~PassTask() = default;
  virtual void on_pass_end() = 0;

 private:
  friend class PassQueue;
  bool scheduled_ = false;
};

// A connection that was accepted, on its way to the loop that will serve it. It may
// cross threads; dropping it closes the connection.
class Accepted {
 public:
  virtual ~Accepted() = default;
};

// Destroying it stops listening. The accept callback may.
class Listener {
 public:
  virtual ~Listener() = default;
  [[nodiscard]] virtual uint16_t port() const = 0;  // The real one, when 0 was asked for.
};

// An attempt to connect. Destroying it before its callback cancels the attempt.
class Connecting {
 public:
  virtual ~Connecting() = default;
};

class Loop {
 public:
  using AcceptCallback = std::function<void(std::unique_ptr<Accepted>)>;
  using ConnectCallback = std::function<void(Result<std::unique_ptr<Stream>>)>;

  virtual ~Loop() = default;

  // Runs until stop(). Once only.
  virtual void run() = 0;

  // Any thread, any number of times. Functions posted before it still run.
  virtual void stop() = 0;

  // Any thread: `function` runs on the loop's thread, in the order posted. Functions
  // that are still queued when the loop ends are destroyed without being run.
  virtual void post(std::function<void()> function) = 0;

  // Monotonic time, read once per pass.
  [[nodiscard]] virtual TimePoint now() const = 0;

  virtual std::unique_ptr<Timer> timer(std::function<void()> on_fire) = 0;

  virtual void schedule(PassTask& task) = 0;
  virtual void cancel(PassTask& task) = 0;

  // kExists when another socket holds the port. The callback decides which loop serves
  // the connection: `loop.adopt(std::move(accepted))` there.
  virtual Result<std::unique_ptr<Listener>> listen(const Address& address,
                                                   AcceptCallback on_accept) = 0;

  // Makes this loop the one that serves `accepted`. TCP_NODELAY is on.
  virtual Result<std::unique_ptr<Stream>> adopt(std::unique_ptr<Accepted> accepted) = 0;

  // Calls back exactly once, never from inside connect(): a stream that is not started
  // yet, or kTimeout after `timeout`, or kUnavailable. A host name is looked up on another
  // thread, and its first address is tried; literals and "localhost" need no lookup.
  virtual std::unique_ptr<Connecting> connect(const Address& address, Millis timeout,
                                              ConnectCallback on_connect) = 0;
};

}  // namespace doris::net

// Connection: two kernels' view of one TCP connection. What one end sends is cut into segments
// that arrive at the other in order, each at its own time.
//
// The network owns it while an end is open.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "tests/sim/world.h"

namespace doris::sim {

class Network;

// One end: where it is, and what its kernel holds for the program there.
struct End {
  std::string machine;
  uint64_t process = 0;
  std::function<void()> wake{};  // Something has happened here. Empty: nobody serves it yet.

  std::string received{};  // And not read yet.
  bool finished = false;   // The other end has closed, behind what was received.
  bool reset = false;      // What was received is gone.
  bool open = true;        // Not closed by its own program.
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  enum Side : uint8_t { kCaller, kCallee };

  // How an end's program leaves it.
  enum class Ending : uint8_t {
    kFinish,  // What was sent arrives; then the other end is told.
    kReset,   // The other end is told; what was received there and not read is lost.
    kSilent,  // Nothing is said: the power went off.
  };

  Connection(Network& network, uint64_t id, End caller, End callee)
      : network_(network), id_(id), ends_{std::move(caller), std::move(callee)} {}

  [[nodiscard]] uint64_t id() const { return id_; }
  [[nodiscard]] End& end(Side side) { return ends_[side]; }
  [[nodiscard]] static Side other(Side side) { return side == kCaller ? kCallee : kCaller; }
  [[nodiscard]] bool is_over() const { return !ends_[kCaller].open && !ends_[kCallee].open; }

  // Does nothing on an end that is not open.
  void send(Side from, std::string_view bytes);
  void close(Side from, Ending ending);

  // Both ends lose it, as if something between them had forgotten it.
  void sever();

  // What the caller sends is `late` from now on; after `hold` the caller loses the connection, and
  // the other end once all that has come.
  void sever_late(Micros hold, Micros late);

  // Whether something waits at a link that is, or was, cut; and has it try again.
  [[nodiscard]] bool holds() const { return holds(kCaller) || holds(kCallee); }
  void deliver_held();

 private:
  struct Segment {
    enum class Kind : uint8_t { kBytes, kFinish, kReset };
    Kind kind;
    TimePoint arrives;
    std::string bytes{};
  };

  [[nodiscard]] bool holds(Side to) const;
  void push(Side to, Segment::Kind kind, std::string_view bytes = {});
  void deliver_later(Side to, TimePoint when);
  void deliver(Side to);
  void take(Side to, Segment segment);

  Network& network_;
  const uint64_t id_;
  std::array<End, 2> ends_;
  std::array<std::deque<Segment>, 2> coming_;  // To that side. Times never fall.
  Micros late_{0};                             // See sever_late().
};

}  // namespace doris::sim

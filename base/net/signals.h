// Signals, on a loop of their own choice rather than in the middle of anything.
#pragma once

#include <csignal>
#include <functional>
#include <memory>

#include "base/net/loop.h"

namespace doris::net {

// Destroying it gives the signal its default meaning back, if it was the last watch of it.
class SignalWatch {
 public:
  virtual ~SignalWatch() = default;
};

// `on_raise` runs on the loop's thread each time the process gets `signal` (SIGINT, SIGTERM),
// with its number. REQUIRES: a loop of make_uv_loop(), on its thread.
[[nodiscard]] std::unique_ptr<SignalWatch> on_signal(Loop& loop, int signal,
                                                     std::function<void(int)> on_raise);

// Writing to a connection that its peer has closed then fails with EPIPE, as it should.
// make_uv_loop() does it too.
void ignore_sigpipe();

// A program that was started in the background of a terminal then outlives it, as Redis does.
void ignore_sighup();

}  // namespace doris::net

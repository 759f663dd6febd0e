// LoopHost: a loop and whoever runs it: a thread (loop_thread.h), or a simulation that runs
// many loops by turns. The seam that lets a test own the threads of a program.
//
//   std::unique_ptr<LoopHost> host = start_thread("worker-0");
//   host->run_and_wait([&] { worker = std::make_unique<Worker>(host->loop()); });
//   ...
//   host->run_and_wait([&] { worker.reset(); });  // What lives on a loop dies on it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/net/loop.h"

namespace doris::net {

class LoopHost {
 public:
  // stop(). Functions that are still queued are destroyed here, unrun.
  virtual ~LoopHost() = default;

  [[nodiscard]] virtual Loop& loop() = 0;

  // Runs `function` on the loop, after what was posted before, and waits for its end.
  // REQUIRES: called from another thread, before stop().
  virtual void run_and_wait(const std::function<void()>& function) = 0;

  // Runs what was posted so far, ends the loop and joins its thread. Does nothing the second
  // time. One thread at a time.
  virtual void stop() = 0;
};

// Makes a host whose loop runs from now on. `name` is what top and gdb show of it. Called on
// the thread that destroys the host.
using StartThread = std::function<std::unique_ptr<LoopHost>(const std::string& name)>;

}  // namespace doris::net

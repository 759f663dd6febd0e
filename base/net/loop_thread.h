// LoopThread: a thread that runs a loop of its own.
//
//   LoopThread thread("worker-0");
//   thread.run_and_wait([&] { worker = std::make_unique<Worker>(thread.loop()); });
//   ...
//   thread.run_and_wait([&] { worker.reset(); });  // What lives on a loop dies on it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/net/loop.h"

namespace doris::net {

class LoopThread {
 public:
  // Starts it. `name` is what top and gdb show, up to 15 bytes.
  explicit LoopThread(const std::string& name);
  ~LoopThread();  // stop(). Functions that are still queued are destroyed here, unrun.
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  [[nodiscard]] Loop& loop() { return *loop_; }

  // Runs `function` on the thread, after what was posted before, and waits for its end.
  // REQUIRES: called from another thread, before stop().
  void run_and_wait(const std::function<void()>& function);

  // Runs what was posted so far, ends the loop and joins the thread. Does nothing the
  // second time. One thread at a time.
  void stop();

 private:
  std::unique_ptr<Loop> loop_;  // Outlives the thread.
  std::thread thread_;
};

}  // namespace doris::net

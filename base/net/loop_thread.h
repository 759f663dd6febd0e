// LoopThread: the LoopHost of the real world, a thread that runs a loop of its own.
#pragma once

#include <thread>

#include "base/net/loop_host.h"

namespace doris::net {

class LoopThread final : public LoopHost {
 public:
  // Starts it. `name` is cut to 15 bytes.
  explicit LoopThread(const std::string& name);
  ~LoopThread() override;
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  [[nodiscard]] Loop& loop() override { return *loop_; }
  void run_and_wait(const std::function<void()>& function) override;
  void stop() override;

 private:
  // What stop() does, for the destructor too.
  void join();

  std::unique_ptr<Loop> loop_;  // Outlives the thread.
  std::thread thread_;
};

// A StartThread.
std::unique_ptr<LoopHost> start_loop_thread(const std::string& name);

}  // namespace doris::net

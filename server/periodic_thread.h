// PeriodicThread: a thread that does one thing again and again, with a pause between.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.h"

namespace doris::server {

class PeriodicThread {
 public:
  // Starts at once: pauses, works, pauses... `name` is shown by tools, 15 bytes at most.
  PeriodicThread(const char* name, Millis pause, std::function<void()> work);

  // Waits for the work under way to end.
  ~PeriodicThread();
  PeriodicThread(const PeriodicThread&) = delete;
  PeriodicThread& operator=(const PeriodicThread&) = delete;

 private:
  void run(const char* name);

  // Constant after construction.
  const Millis pause_;
  const std::function<void()> work_;

  // State below is protected by mutex_.
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace doris::server

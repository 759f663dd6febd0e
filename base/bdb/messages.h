// Messages: what Berkeley DB prints about its errors. It goes to the log, each line once and
// a few lines in a while since a full disk makes it print some for every page, and into the
// Status of the call that failed. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace doris::bdb {

class Messages {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Takes one line printed at `now` about the environment in `directory`.
  void add(std::string_view line, std::string_view directory, TimePoint now);

  // The lines since the last take(), each once, joined by "; "; shortened if they are many.
  [[nodiscard]] std::string take();

 private:
  // State below is protected by mutex_.
  std::mutex mutex_;
  std::vector<std::string> said_;  // Since the last take().
  size_t said_bytes_ = 0;
  TimePoint window_start_{};
  std::vector<std::string> logged_;  // In this window.
  uint32_t unlogged_ = 0;            // In this window, and no repetitions.
};

}  // namespace doris::bdb

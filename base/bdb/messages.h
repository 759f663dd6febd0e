// Messages: what Berkeley DB prints about its errors. It goes to the log, a few lines in
// a while since a full disk makes it print some for every page, and into the Status of
// the call that failed. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace doris::bdb {

class Messages {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Takes one line printed at `now` about the environment in `directory`.
  void add(std::string_view line, std::string_view directory, TimePoint now);

  // The lines since the last take(), joined by "; "; shortened if they are many.
  [[nodiscard]] std::string take();

 private:
  // State below is protected by mutex_.
  std::mutex mutex_;
  std::string words_;
  TimePoint window_start_{};
  uint32_t lines_in_window_ = 0;
};

}  // namespace doris::bdb

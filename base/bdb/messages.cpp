#include "base/bdb/messages.h"

#include "base/log.h"

namespace doris::bdb {
namespace {

constexpr std::chrono::seconds kWindow{10};
constexpr uint32_t kLinesPerWindow = 10;
constexpr size_t kWordsBytesMax = 500;

const Log kLog("bdb");

}  // namespace

void Messages::add(std::string_view line, std::string_view directory, TimePoint now) {
  const std::lock_guard guard(mutex_);
  if (words_.size() + line.size() <= kWordsBytesMax) {
    if (!words_.empty()) words_ += "; ";
    words_ += line;
  }
  if (now - window_start_ >= kWindow) {
    if (lines_in_window_ > kLinesPerWindow) {
      kLog.error("{}: {} more lines were not logged", directory,
                 lines_in_window_ - kLinesPerWindow);
    }
    window_start_ = now;
    lines_in_window_ = 0;
  }
  if (++lines_in_window_ <= kLinesPerWindow) kLog.error("{}: {}", directory, line);
}

std::string Messages::take() {
  const std::lock_guard guard(mutex_);
  std::string words;
  words.swap(words_);
  return words;
}

}  // namespace doris::bdb

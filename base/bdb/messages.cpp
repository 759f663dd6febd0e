#include "base/bdb/messages.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace doris::bdb {
namespace {

constexpr std::chrono::seconds kWindow{10};
constexpr size_t kLinesPerWindow = 10;
constexpr size_t kSaidBytesMax = 500;

const Log kLog("bdb");

bool has(const std::vector<std::string>& lines, std::string_view line) {
  return std::ranges::find(lines, line) != lines.end();
}

}  // namespace

void Messages::add(std::string_view line, std::string_view directory, TimePoint now) {
  const std::lock_guard guard(mutex_);
  if (said_bytes_ + line.size() <= kSaidBytesMax && !has(said_, line)) {
    said_.emplace_back(line);
    said_bytes_ += line.size();
  }
  if (now - window_start_ >= kWindow) {
    if (unlogged_ > 0) kLog.error("{}: {} more lines were not logged", directory, unlogged_);
    window_start_ = now;
    logged_.clear();
    unlogged_ = 0;
  }
  if (has(logged_, line)) return;
  if (logged_.size() == kLinesPerWindow) {
    ++unlogged_;
    return;
  }
  logged_.emplace_back(line);
  kLog.error("{}: {}", directory, line);
}

std::string Messages::take() {
  const std::lock_guard guard(mutex_);
  std::string words = fmt::format("{}", fmt::join(said_, "; "));
  said_.clear();
  said_bytes_ = 0;
  return words;
}

}  // namespace doris::bdb

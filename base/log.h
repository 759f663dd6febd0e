// Log: named loggers over spdlog. One line per event, lifecycles with ids and the cause.
//
//   const Log log("router");
//   log.info("backend {} ({}): connected in {} ms", name, address, ms);
//
// spdlog stays behind this header. Any thread.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace doris {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

// A value of the setting log-level: "debug", "info", "warning", "error".
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view name);

// Where all loggers of the process write: `file`, or standard error if it is empty.
// Called once, before threads start. Lines: "2026-11-23 02:00:01.123 info router: ...".
// The file is made if it is missing, its directory is not. Until then, and after an error
// (the file cannot be opened), lines of kInfo and above go to standard error.
Status start_logging(const std::string& file, LogLevel level);

class Log {
 public:
  explicit Log(std::string_view name) : name_(name) {}  // REQUIRES: a string literal.

  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(LogLevel::kDebug))
      write(LogLevel::kDebug, fmt::vformat(format, fmt::make_format_args(args...)));
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(LogLevel::kInfo))
      write(LogLevel::kInfo, fmt::vformat(format, fmt::make_format_args(args...)));
  }
  template <class... Args>
  void warning(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(LogLevel::kWarning))
      write(LogLevel::kWarning, fmt::vformat(format, fmt::make_format_args(args...)));
  }
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(LogLevel::kError))
      write(LogLevel::kError, fmt::vformat(format, fmt::make_format_args(args...)));
  }

 private:
  static bool enabled(LogLevel level);
  void write(LogLevel level, const std::string& line) const;

  std::string_view name_;
};

}  // namespace doris

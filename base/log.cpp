#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "base/one_line.h"

namespace doris {
namespace {

// Where the process logs. The sink is replaced by start_logging() only, before there are
// other threads; it has a mutex of its own for those that write to it.
struct Output {
  std::unique_ptr<spdlog::sinks::sink> sink;
  std::atomic<LogLevel> level{LogLevel::kInfo};
};

std::unique_ptr<spdlog::sinks::sink> open_sink(const std::string& file) {
  std::unique_ptr<spdlog::sinks::sink> sink;
  if (file.empty()) {
    sink = std::make_unique<spdlog::sinks::stderr_sink_mt>();
  } else {
    sink = std::make_unique<spdlog::sinks::basic_file_sink_mt>(file);
  }
  sink->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %n: %v");
  return sink;
}

// spdlog would make the directories that a mistyped path names.
Status check_directory(const std::string& file) {
  const std::filesystem::path directory = std::filesystem::path(file).parent_path();
  std::error_code ignored;
  if (directory.empty() || std::filesystem::is_directory(directory, ignored)) return Status::okay();
  return Status::io(fmt::format("{}: there is no directory {}; make it, or name another file", file,
                                directory.string()));
}

// Never destroyed: threads and static objects may log until the very end of the process.
Output& output() {
  static Output* const instance = new Output{.sink = open_sink("")};
  return *instance;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  check_failed(__FILE__, __LINE__, "level", "not a log level");
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "info") return LogLevel::kInfo;
  if (name == "warning") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  return std::nullopt;
}

Status start_logging(const std::string& file, LogLevel level) {
  const Status directory = check_directory(file);
  if (!directory.ok()) return directory.prefixed("log-file");
  Output& out = output();
  try {
    out.sink = open_sink(file);
  } catch (const std::exception& error) {  // spdlog reports a file it cannot open so.
    return Status::io(error.what()).prefixed("log-file");
  }
  out.level.store(level, std::memory_order_relaxed);
  return Status::okay();
}

bool Log::enabled(LogLevel level) {
  return level >= output().level.load(std::memory_order_relaxed);
}

void Log::write(LogLevel level, const std::string& line) const {
  const std::string text = one_line(line);
  try {
    spdlog::sinks::sink& sink = *output().sink;
    sink.log(spdlog::details::log_msg(name_, spdlog_level(level), text));
    sink.flush();  // A line explains a crash only if it was written before it.
  } catch (const std::exception& error) {
    // A full disk must not stop a server that can still serve.
    std::fprintf(stderr, "%.*s: %s (the log cannot be written: %s)\n",
                 static_cast<int>(name_.size()), name_.data(), text.c_str(), error.what());
  }
}

}  // namespace doris

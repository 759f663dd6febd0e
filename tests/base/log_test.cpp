#include "base/log.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/config.h"
#include "tests/base/captured_output.h"
#include "tests/base/scratch_directory.h"

namespace doris {
namespace {

const Log test_log("router");

// Logs to a file while it lives, and to standard error again afterwards.
class LogFile {
 public:
  explicit LogFile(LogLevel level) { start(level); }
  ~LogFile() { (void)start_logging("", LogLevel::kInfo); }

  void start(LogLevel level) const {
    REQUIRE(start_logging(directory_.file("doris.log"), level).ok());
  }
  [[nodiscard]] std::string text() const { return directory_.read("doris.log"); }

  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream stream(text());
    for (std::string line; std::getline(stream, line);)
      all.push_back(line);
    return all;
  }

 private:
  ScratchDirectory directory_;
};

}  // namespace

TEST_CASE("Before logging is started, lines of info and above go to standard error") {
  CapturedOutput printed(STDERR_FILENO);
  test_log.debug("hidden");
  test_log.info("shown {}", 1);
  const std::string text = printed.text();
  REQUIRE_THAT(text, Catch::Contains(" info router: shown 1\n"));
  REQUIRE_THAT(text, !Catch::Contains("hidden"));
}

TEST_CASE("A line has date, time to the millisecond, level, name and message") {
  const LogFile file(LogLevel::kDebug);
  test_log.info("backend {} ({}): connected in {} ms", "a1", "127.0.0.1:7001", 3);
  std::string text = file.text();
  for (char& c : text)
    c = c >= '0' && c <= '9' ? '0' : c;
  REQUIRE(text ==
          "0000-00-00 00:00:00.000 info router: backend a0 (000.0.0.0:0000): connected in 0 ms\n");
}

TEST_CASE("Each level lets itself and the more important ones through") {
  const std::vector<std::string> names = {"debug", "info", "warning", "error"};
  for (size_t least = 0; least < names.size(); ++least) {
    const LogFile file(*parse_log_level(names[least]));
    test_log.debug("line");
    test_log.info("line");
    test_log.warning("line");
    test_log.error("line");
    const std::vector<std::string> lines = file.lines();
    REQUIRE(lines.size() == names.size() - least);
    for (size_t i = 0; i < lines.size(); ++i) {
      REQUIRE_THAT(lines[i], Catch::EndsWith(" " + names[least + i] + " router: line"));
    }
  }
}

TEST_CASE("Every choice of the setting log-level is a level, and nothing else is") {
  Config config;
  for (const char* const name : {"debug", "info", "warning", "error"}) {
    REQUIRE(config.set("log-level", name, "test").ok());
    REQUIRE(parse_log_level(config.text("log-level")).has_value());
  }
  REQUIRE_FALSE(parse_log_level("INFO").has_value());
  REQUIRE_FALSE(parse_log_level("").has_value());
}

TEST_CASE("A log file is appended to") {
  const LogFile file(LogLevel::kInfo);
  test_log.info("first");
  file.start(LogLevel::kInfo);
  test_log.info("second");
  REQUIRE(file.lines().size() == 2);
}

TEST_CASE("What a peer sent cannot start a line of its own") {
  const LogFile file(LogLevel::kInfo);
  test_log.info("bad request '{}'", "x\r\n2026-01-01 error router: forged\x1b[2J\x7f");
  REQUIRE_THAT(file.text(),
               Catch::EndsWith("'x\\x0d\\x0a2026-01-01 error router: forged\\x1b[2J\\x7f'\n"));
  REQUIRE(file.lines().size() == 1);
}

TEST_CASE("A log file that cannot be opened is an error, and the old log goes on") {
  const LogFile file(LogLevel::kInfo);
  const Status status = start_logging("/dev/null/doris.log", LogLevel::kDebug);
  REQUIRE(status.code() == Code::kIo);
  REQUIRE_THAT(status.message(), Catch::StartsWith("log-file: "));
  test_log.debug("hidden");
  test_log.info("still here");
  REQUIRE(file.lines().size() == 1);
}

TEST_CASE("A log file is made, but not the directories of a mistyped path") {
  const ScratchDirectory directory;
  const Status status = start_logging(directory.file("log/doris.log"), LogLevel::kInfo);
  REQUIRE(status.code() == Code::kIo);
  REQUIRE(status.message() == "log-file: " + directory.file("log/doris.log") +
                                  ": there is no directory " + directory.file("log") +
                                  "; make it, or name another file");
  REQUIRE_FALSE(std::filesystem::exists(directory.file("log")));
}

TEST_CASE("A full disk under the log stops nobody, and the line is not lost") {
  REQUIRE(start_logging("/dev/full", LogLevel::kInfo).ok());
  CapturedOutput printed(STDERR_FILENO);
  test_log.info("shard {} is offline", 3);
  const std::string text = printed.text();
  REQUIRE(start_logging("", LogLevel::kInfo).ok());
  REQUIRE_THAT(text, Catch::StartsWith("router: shard 3 is offline (the log cannot be written"));
}

TEST_CASE("Threads that log at the same time write whole lines") {
  constexpr int kThreads = 4;
  constexpr int kLines = 200;
  const LogFile file(LogLevel::kInfo);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < kLines; ++i)
        test_log.info("thread {} line {} end", t, i);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  const std::vector<std::string> lines = file.lines();
  REQUIRE(lines.size() == kThreads * kLines);
  std::vector<int> next(kThreads);
  for (const std::string& line : lines) {
    int thread = 0;
    int number = 0;
    const size_t message = line.find("thread ");
    REQUIRE(message != std::string::npos);
    REQUIRE(std::sscanf(line.c_str() + message, "thread %d line %d end", &thread, &number) == 2);
    REQUIRE(line.ends_with(" end"));
    REQUIRE(next.at(static_cast<size_t>(thread))++ == number);
  }
}

}  // namespace doris

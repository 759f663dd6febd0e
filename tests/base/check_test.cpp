#include "base/check.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <functional>
#include <string>

#include "base/buffer.h"
#include "base/config.h"
#include "base/random.h"
#include "base/status.h"
#include "tests/base/captured_output.h"

namespace doris {
namespace {

struct End {
  int signal;  // 0: it did not die of one.
  std::string printed;
};

// Runs `act` in a child process, so that it may abort.
End run_apart(const std::function<void()>& act) {
  CapturedOutput printed(STDERR_FILENO);
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit no_core_file{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core_file);
    std::signal(SIGABRT, SIG_DFL);  // Catch2 would report it as a failed test.
    act();
    ::_exit(0);
  }
  REQUIRE(child > 0);
  int state = 0;
  REQUIRE(::waitpid(child, &state, 0) == child);
  return {WIFSIGNALED(state) ? WTERMSIG(state) : 0, printed.text()};
}

}  // namespace

TEST_CASE("A check that holds says nothing and goes on") {
  const End end = run_apart([] { DORIS_CHECK(1 + 1 == 2, "arithmetic"); });
  REQUIRE(end.signal == 0);
  REQUIRE(end.printed.empty());
}

TEST_CASE("A check that fails says where, what and why, and aborts") {
  int line = 0;
  const End end = run_apart([] { DORIS_CHECK(1 + 1 == 3, "arithmetic"); });
  line = __LINE__ - 1;
  REQUIRE(end.signal == SIGABRT);
  const std::string expected =
      std::string(__FILE__) + ":" + std::to_string(line) + ": check failed: 1 + 1 == 3: arithmetic";
  REQUIRE(end.printed == expected + "\n");
}

TEST_CASE("The value of a failed Result is never used") {
  const End end = run_apart([] {
    Result<int> none = Status::io("the disk is gone");
    ::_exit(*none);
  });
  REQUIRE(end.signal == SIGABRT);
  REQUIRE_THAT(end.printed, Catch::Contains("the disk is gone"));
}

TEST_CASE("An error without a code, and a Result of a success, are bugs") {
  REQUIRE(run_apart([] { (void)Status(Code::kOk, "what?"); }).signal == SIGABRT);
  REQUIRE(run_apart([] { (void)Result<int>(Status::okay()); }).signal == SIGABRT);
}

TEST_CASE("A Buffer refuses to consume, commit or cut more than it has") {
  const auto with_five = [](void (*act)(Buffer&)) {
    Buffer buffer;
    buffer.append("12345");
    act(buffer);
  };
  const auto ends_by = [&](void (*act)(Buffer&)) {
    return run_apart([&] { with_five(act); }).signal;
  };
  REQUIRE(ends_by([](Buffer& buffer) { buffer.consume(6); }) == SIGABRT);
  REQUIRE(ends_by([](Buffer& buffer) { buffer.truncate(6); }) == SIGABRT);
  REQUIRE(ends_by([](Buffer& buffer) { buffer.commit(buffer.prepare(1).size() + 1); }) == SIGABRT);
  REQUIRE(ends_by([](Buffer& buffer) { buffer.release(); }) == SIGABRT);
  REQUIRE(ends_by([](Buffer& buffer) { buffer.consume(5); }) == 0);
}

TEST_CASE("Asking a Config for a key that is not there, or of another type, is a bug") {
  const auto ends_by = [](void (*act)(const Config&)) {
    return run_apart([&] { act(Config()); }).signal;
  };
  REQUIRE(ends_by([](const Config& config) { (void)config.integer("no-such-key"); }) == SIGABRT);
  REQUIRE(ends_by([](const Config& config) { (void)config.shown("no-such-key"); }) == SIGABRT);
  REQUIRE(ends_by([](const Config& config) { (void)config.integer("bind"); }) == SIGABRT);
  REQUIRE(ends_by([](const Config& config) { (void)config.bytes("vnodes"); }) == SIGABRT);
  REQUIRE(ends_by([](const Config& config) { (void)config.text("vnodes"); }) == SIGABRT);
  REQUIRE(ends_by([](const Config& config) { (void)config.is_yes("group"); }) == SIGABRT);
  REQUIRE(ends_by([](const Config& config) { (void)config.integer("vnodes"); }) == 0);
}

TEST_CASE("No number is below 0") {
  REQUIRE(run_apart([] { (void)Random(1).below(0); }).signal == SIGABRT);
}

}  // namespace doris

#include "base/net/signals.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <vector>

#include "base/net/uv_loop.h"

namespace doris::net {
namespace {

TEST_CASE("A signal arrives on the loop as often as it is raised") {
  const auto loop = make_uv_loop();
  std::vector<int> caught;
  const auto on_interrupt = on_signal(*loop, SIGINT, [&](int signal) {
    caught.push_back(signal);
    ::kill(::getpid(), SIGTERM);
  });
  const auto on_terminate = on_signal(*loop, SIGTERM, [&](int signal) {
    caught.push_back(signal);
    if (caught.size() == 4) return loop->stop();
    ::kill(::getpid(), SIGINT);
  });
  const auto guard = loop->timer([&] { loop->stop(); });
  guard->start(Millis{20'000});
  ::kill(::getpid(), SIGINT);
  loop->run();
  CHECK(caught == std::vector<int>{SIGINT, SIGTERM, SIGINT, SIGTERM});
}

TEST_CASE("A watch of a signal may be destroyed by its own callback") {
  const auto loop = make_uv_loop();
  int caught = 0;
  std::unique_ptr<SignalWatch> watch;
  watch = on_signal(*loop, SIGTERM, [&](int) {
    watch.reset();
    ++caught;
    loop->stop();
  });
  const auto guard = loop->timer([&] { loop->stop(); });
  guard->start(Millis{20'000});
  ::kill(::getpid(), SIGTERM);
  loop->run();
  CHECK(caught == 1);
}

TEST_CASE("A loop takes the deadliness out of SIGPIPE") {
  std::signal(SIGPIPE, SIG_DFL);
  const auto loop = make_uv_loop();
  CHECK(std::signal(SIGPIPE, SIG_IGN) == SIG_IGN);
}

}  // namespace
}  // namespace doris::net

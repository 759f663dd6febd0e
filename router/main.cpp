// doris-router: what Redis clients talk to.
#include <fmt/format.h>

#include <cstdio>

#include "base/command_line.h"
#include "base/log.h"
#include "base/net/signals.h"
#include "base/net/uv_loop.h"
#include "router/router.h"

namespace {

using namespace doris;

int fail(const Status& status) {
  fmt::print(stderr, "doris-router: {}\n", status.message());
  return 1;
}

int run(const Config& config) {
  const Log log("router");
  const SystemClock clock;
  Random random(Random::entropy());
  const router::Settings settings(config);
  const std::unique_ptr<net::Loop> loop = net::make_uv_loop();

  const auto stop = [&](int signal) {
    log.info("signal {}: stopping", signal);
    loop->stop();
  };
  const auto on_interrupt = net::on_signal(*loop, SIGINT, stop);
  const auto on_terminate = net::on_signal(*loop, SIGTERM, stop);

  router::Router router(*loop, clock, random, settings);
  if (const Status started = router.start(); !started.ok()) return fail(started);
  loop->run();
  log.info("stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const CommandLine line = parse_command_line(Program::kRouter, argc, argv);
  if (line.exit_code) return *line.exit_code;
  const Status logging = start_logging(line.config.text("log-file"),
                                       *parse_log_level(line.config.text("log-level")));
  if (!logging.ok()) return fail(logging);
  return run(line.config);
}

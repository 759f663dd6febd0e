// doris-admin: keeps the topology of a cluster.
#include <fmt/format.h>

#include <cstdio>

#include "admin/admin.h"
#include "base/command_line.h"
#include "base/log.h"
#include "base/net/signals.h"
#include "base/net/uv_loop.h"

namespace {

using namespace doris;

int fail(const Status& status) {
  fmt::print(stderr, "doris-admin: {}\n", status.message());
  return 1;
}

int run(const Config& config) {
  const Log log("admin");
  const SystemClock clock;
  Random random(Random::entropy());
  const admin::Settings settings(config);
  const std::unique_ptr<net::Loop> loop = net::make_uv_loop();
  const auto stop = [&](int signal) {
    log.info("signal {}: stopping", signal);
    loop->stop();
  };
  const auto on_interrupt = net::on_signal(*loop, SIGINT, stop);
  const auto on_terminate = net::on_signal(*loop, SIGTERM, stop);
  {
    admin::Admin admin(*loop, clock, random, settings);
    if (const Status started = admin.start(); !started.ok()) return fail(started);
    loop->run();
  }
  log.info("stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const doris::CommandLine line = doris::parse_command_line(doris::Program::kAdmin, argc, argv);
  if (line.exit_code) return *line.exit_code;
  const auto level = doris::parse_log_level(line.config.text("log-level"));
  const doris::Status logging = doris::start_logging(line.config.text("log-file"), *level);
  if (!logging.ok()) return fail(logging);
  return run(line.config);
}

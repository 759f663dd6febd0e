// doris-server: keeps the data.
#include <fmt/format.h>

#include <cstdio>

#include "base/command_line.h"
#include "base/log.h"
#include "base/net/signals.h"
#include "base/net/uv_loop.h"
#include "server/node.h"

namespace {

using namespace doris;

int fail(const Status& status) {
  fmt::print(stderr, "doris-server: {}\n", status.message());
  return 1;
}

int run(server::Settings settings) {
  const Log log("server");
  const SystemClock clock;
  Random random(Random::entropy());
  const std::unique_ptr<net::Loop> loop = net::make_uv_loop();
  const auto stop = [&](int signal) {
    log.info("signal {}: stopping", signal);
    loop->stop();
  };
  const auto on_interrupt = net::on_signal(*loop, SIGINT, stop);
  const auto on_terminate = net::on_signal(*loop, SIGTERM, stop);

  server::Node node(*loop, clock, random, std::move(settings));
  if (const Status started = node.start(); !started.ok()) return fail(started);
  loop->run();
  log.info("closing the stores");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const CommandLine line = parse_command_line(Program::kServer, argc, argv);
  if (line.exit_code) return *line.exit_code;
  const Status logging = start_logging(line.config.text("log-file"),
                                       *parse_log_level(line.config.text("log-level")));
  if (!logging.ok()) return fail(logging);
  Result<server::Settings> settings = server::Settings::from(line.config);
  if (!settings.ok()) return fail(settings.status());
  return run(std::move(*settings));
}

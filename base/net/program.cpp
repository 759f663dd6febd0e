#include "base/net/program.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/command_help.h"
#include "base/command_line.h"
#include "base/log.h"
#include "base/net/loop_thread.h"
#include "base/net/signals.h"
#include "base/net/uv_loop.h"
#include "base/one_line.h"

namespace doris::net {
namespace {

// One line that says what the operator can do.
int fail(Program program, const Status& status) {
  fmt::print(stderr, "{}: {}\n", program_name(program), one_line(status.message()));
  return 1;
}

int run(Program program, const Config& config, const StartProgram& start) {
  const Log log("main");
  ignore_sighup();
  const SystemClock clock;
  Random random(Random::entropy());
  const std::unique_ptr<Loop> loop = make_uv_loop();
  const auto stop = [&](int signal) {
    log.info("signal {}: stopping", signal);
    loop->stop();
  };
  const auto on_interrupt = on_signal(*loop, SIGINT, stop);
  const auto on_terminate = on_signal(*loop, SIGTERM, stop);

  Result<std::shared_ptr<void>> started = start({*loop, clock, random, start_loop_thread, config});
  if (!started.ok()) return fail(program, started.status());
  loop->run();
  *started = nullptr;
  log.info("stopped");
  return 0;
}

}  // namespace

int run_program(Program program, int argc, const char* const* argv, const StartProgram& start) {
  const CommandLine line = parse_command_line(program, argc, argv);
  if (line.exit_code) return *line.exit_code;
  const Status logging =
      start_logging(line.config.text("log-file"), *parse_log_level(line.config.text("log-level")));
  if (!logging.ok()) return fail(program, logging);
  return run(program, line.config, start);
}

}  // namespace doris::net

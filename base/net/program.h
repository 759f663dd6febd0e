// What the three programs have in common from main() on: the command line, the log, the main
// thread's loop, and a clean stop on SIGINT and SIGTERM. SIGHUP is ignored.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/config.h"
#include "base/net/loop_host.h"
#include "base/random.h"
#include "base/status.h"

namespace doris::net {

// What a program is given to live on. All of it outlives the program's object.
struct Surroundings {
  Loop& loop;
  const Clock& clock;
  Random& random;
  StartThread start_thread;
  const Config& config;
};

// Makes the program's object and starts it. An error ends the process with its message.
using StartProgram = std::function<Result<std::shared_ptr<void>>(const Surroundings&)>;

// main()'s work: returns its exit code. The object that `start` made is destroyed, on the
// loop's thread, when the loop has ended.
int run_program(Program program, int argc, const char* const* argv, const StartProgram& start);

}  // namespace doris::net

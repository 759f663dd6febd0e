// doris-router: what Redis clients talk to.
#include "base/net/program.h"
#include "router/router.h"

namespace {

using namespace doris;

struct Running {
  explicit Running(const net::Surroundings& around)
      : settings(around.config),
        router(around.loop, around.clock, around.random, settings, around.start_thread) {}
  const router::Settings settings;
  router::Router router;
};

Result<std::shared_ptr<void>> start(const net::Surroundings& around) {
  auto running = std::make_shared<Running>(around);
  DORIS_RETURN_IF_ERROR(running->router.start());
  return std::shared_ptr<void>(std::move(running));
}

}  // namespace

int main(int argc, char** argv) {
  return net::run_program(Program::kRouter, argc, argv, start);
}

// doris-admin: owns the topology.
#include "admin/admin.h"
#include "base/net/program.h"

namespace {

using namespace doris;

struct Running {
  explicit Running(const net::Surroundings& around)
      : settings(around.config), admin(around.loop, around.clock, around.random, settings) {}
  const admin::Settings settings;
  admin::Admin admin;
};

Result<std::shared_ptr<void>> start(const net::Surroundings& around) {
  auto running = std::make_shared<Running>(around);
  DORIS_RETURN_IF_ERROR(running->admin.start());
  return std::shared_ptr<void>(std::move(running));
}

}  // namespace

int main(int argc, char** argv) {
  return net::run_program(Program::kAdmin, argc, argv, start);
}

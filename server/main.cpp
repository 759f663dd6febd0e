// doris-server: keeps the data.
#include "base/net/program.h"
#include "server/bdb_stores.h"
#include "server/node.h"

namespace {

using namespace doris;

Result<std::shared_ptr<void>> start(const net::Surroundings& around) {
  Result<server::Settings> settings = server::Settings::from(around.config);
  if (!settings.ok()) return settings.status();
  auto stores = std::make_unique<server::BdbStores>(*settings);
  auto node =
      std::make_shared<server::Node>(around.loop, around.clock, around.random, std::move(*settings),
                                     around.start_thread, std::move(stores));
  DORIS_RETURN_IF_ERROR(node->start());
  return std::shared_ptr<void>(std::move(node));
}

}  // namespace

int main(int argc, char** argv) {
  return net::run_program(Program::kServer, argc, argv, start);
}

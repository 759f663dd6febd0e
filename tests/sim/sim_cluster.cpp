#include "tests/sim/sim_cluster.h"

#include <fmt/format.h>

#include <cstdlib>

#include "admin/admin.h"
#include "admin/task_views.h"
#include "base/check.h"
#include "base/log.h"
#include "router/router.h"
#include "server/node.h"

namespace doris::sim {
namespace {

constexpr const char* kAdminMachine = "10.0.0.1";
constexpr uint16_t kRouterPort = 6379;
constexpr Micros kFormingMax{60'000'000};

// So long does it take at most until the routers, too, know of a cluster that has formed.
constexpr Micros kToldAfter{100'000};

// The programs' log lines go to the file that DORIS_SIM_LOG names, or nowhere: thousands of
// clusters would drown what matters.
void start_logging_once() {
  static const bool started = [] {
    const char* const file = std::getenv("DORIS_SIM_LOG");
    return start_logging(file == nullptr ? "/dev/null" : file,
                         file == nullptr ? LogLevel::kError : LogLevel::kDebug)
        .ok();
  }();
  DORIS_CHECK(started, "DORIS_SIM_LOG names a file that can be written");
}

// In memory if the system offers that: the programs sync what they write.
std::filesystem::path make_directory() {
  const std::filesystem::path memory = "/dev/shm";
  const auto parent =
      std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  std::string pattern = (parent / "doris-sim-XXXXXX").string();
  DORIS_CHECK(::mkdtemp(pattern.data()) != nullptr, "a directory can be made in " + pattern);
  return pattern;
}

// A program's object and the settings that it refers to.
template <class Settings, class Object>
struct Held {
  explicit Held(const Config& config) : settings(config) {}
  const Settings settings;
  std::unique_ptr<Object> object;
};

}  // namespace

SimCluster::SimCluster(World& world, Options options)
    : world_(world), options_(std::move(options)), directory_(make_directory()), network_(world) {
  start_logging_once();
  make_admin();
  for (uint32_t i = 1; i <= options_.servers_per_group; ++i) {
    make_server("a", i);
    make_server("b", i);
  }
  for (uint32_t i = 1; i <= options_.routers; ++i)
    make_router(i);
  programs_.push_back(admin_.get());
  for (const Server& server : servers_)
    programs_.push_back(server.program.get());
  for (const auto& router : routers_)
    programs_.push_back(router.get());
}

SimCluster::~SimCluster() {
  for (SimProgram* const program : programs_)
    if (program->running()) kill(*program, SimDisk::Crash::kProcess);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

// ---- The programs --------------------------------------------------------------------

Config SimCluster::config(const std::string& machine,
                          std::vector<std::pair<std::string, std::string>> values) const {
  Config config;
  values.insert(values.end(), options_.settings.begin(), options_.settings.end());
  values.emplace_back("bind", machine);
  values.emplace_back("admin", fmt::format("{}:6400", kAdminMachine));
  for (const auto& [key, value] : values) {
    const Status set = config.set(key, value, "the simulation");
    DORIS_CHECK(set.ok(), set.message());
  }
  return config;
}

void SimCluster::make_admin() {
  const Config settings = config(
      kAdminMachine, {{"admin-dir", (directory_ / "admin").string()},
                      {"vnodes", fmt::to_string(options_.vnodes)},
                      {"initial-servers-per-group", fmt::to_string(options_.servers_per_group)}});
  const auto start = [this](const net::Surroundings& around) -> Result<std::shared_ptr<void>> {
    auto held = std::make_shared<Held<admin::Settings, admin::Admin>>(around.config);
    held->object =
        std::make_unique<admin::Admin>(around.loop, around.clock, around.random, held->settings);
    DORIS_RETURN_IF_ERROR(held->object->start());
    running_admin_ = held->object.get();
    return std::shared_ptr<void>(std::move(held));
  };
  admin_ = std::make_unique<SimProgram>(network_, kAdminMachine, "admin", settings, start);
}

void SimCluster::make_server(const std::string& group, uint32_t number) {
  const std::string name = fmt::format("{}{}", group, number);
  const std::string machine = fmt::format("10.0.{}.{}", group == "a" ? 1 : 2, number);
  const Config settings = config(machine, {{"node-name", name},
                                           {"group", group},
                                           {"machine", machine},
                                           {"server-dir", (directory_ / name).string()},
                                           {"anti-entropy-interval", "1s"},
                                           {"tombstone-retention", "1s"},
                                           {"shards", fmt::to_string(options_.shards)}});
  Server& server = servers_.emplace_back();
  server.disk = std::make_unique<SimDisk>(options_.shards, options_.sync_each_commit);
  const auto start = [&server](const net::Surroundings& around) -> Result<std::shared_ptr<void>> {
    Result<server::Settings> read = server::Settings::from(around.config);
    if (!read.ok()) return read.status();
    auto node = std::make_shared<server::Node>(around.loop, around.clock, around.random,
                                               *std::move(read), around.start_thread,
                                               std::make_unique<SimStores>(*server.disk));
    DORIS_RETURN_IF_ERROR(node->start());
    server.node = node.get();
    return std::shared_ptr<void>(std::move(node));
  };
  server.program = std::make_unique<SimProgram>(network_, machine, name, settings, start);
}

void SimCluster::make_router(uint32_t number) {
  const std::string machine = fmt::format("10.0.3.{}", number);
  const Config settings =
      config(machine, {{"router-port", fmt::to_string(kRouterPort)}, {"router-threads", "2"}});
  const auto start = [](const net::Surroundings& around) -> Result<std::shared_ptr<void>> {
    auto held = std::make_shared<Held<router::Settings, router::Router>>(around.config);
    held->object = std::make_unique<router::Router>(around.loop, around.clock, around.random,
                                                    held->settings, around.start_thread);
    DORIS_RETURN_IF_ERROR(held->object->start());
    return std::shared_ptr<void>(std::move(held));
  };
  routers_.push_back(std::make_unique<SimProgram>(
      network_, machine, fmt::format("router-{}", number), settings, start));
}

net::Address SimCluster::router_address(size_t index) const {
  return {routers_[index]->machine(), kRouterPort};
}

// ---- Their life ----------------------------------------------------------------------

void SimCluster::form() {
  for (SimProgram* const program : programs_)
    program->start();
  if (!options_.sync_each_commit) sync_each_second();
  const bool formed = world_.run_until([this] { return is_whole(); }, kFormingMax);
  DORIS_CHECK(formed, "a cluster without faults forms");
  world_.run_for(kToldAfter);
}

// The world ends with the cluster, or does not go on without it.
void SimCluster::sync_each_second() {
  for (Server& server : servers_)
    server.disk->sync();
  world_.after(Micros{1'000'000}, [this] { sync_each_second(); });
}

bool SimCluster::is_whole() const {
  if (running_admin_ == nullptr) return false;
  const topology::Topology& topology = running_admin_->store().topology();
  if (!topology.formed()) return false;
  for (const topology::Node& node : topology.nodes)
    if (node.state != topology::NodeState::kUp) return false;
  for (const Server& server : servers_) {
    if (server.node == nullptr || !server.node->standing().ready()) return false;
    if (server.node->standing().epoch != topology.epoch) return false;
  }
  return true;
}

std::string SimCluster::history() const {
  if (running_admin_ == nullptr) return "";
  constexpr uint64_t kEntries = 100;
  const auto entries = running_admin_->store().history(kEntries);
  if (!entries.ok()) return entries.status().message();
  std::string text;
  for (const admin::JournalEntry& entry : *entries) {
    const int64_t ago = running_admin_->clock().wall_ms() - entry.at_ms;
    const double when = static_cast<double>(world_.elapsed().count()) / 1000;
    text = fmt::format("{:.0f} ms: epoch {}: {} ({})\n", when - static_cast<double>(ago),
                       entry.epoch, entry.what, entry.why) +
           text;
  }
  return text;
}

void SimCluster::verify() {
  if (running_admin_ != nullptr) running_admin_->verify(/*repairs=*/false);
}

std::string SimCluster::differences() const {
  std::string text;
  for (const Server& server : servers_) {
    if (server.node == nullptr) continue;
    const auto found = server.node->report().verification;
    for (const std::string& sample : found ? found->samples : std::vector<std::string>())
      text += fmt::format("{} has found: {}\n", server.program->name(), sample);
    if (server.node->sum_over_shards(&server::ShardStats::differences) > 0)
      text += fmt::format("the background of {} has found differences\n", server.program->name());
  }
  return text;
}

bool SimCluster::is_verified() const {
  return running_admin_ != nullptr && !admin::verification_runs(running_admin_->scene());
}

void SimCluster::kill(SimProgram& program, SimDisk::Crash how) {
  if (&program == admin_.get()) running_admin_ = nullptr;
  for (Server& server : servers_) {
    if (server.program.get() != &program) continue;
    server.disk->crash(how);
    server.node = nullptr;
  }
  const bool power = how == SimDisk::Crash::kPower;
  if (power) network_.set_power(program.machine(), false);
  const auto word = world_.chance(50) ? Connection::Ending::kFinish : Connection::Ending::kReset;
  program.kill(power ? Connection::Ending::kSilent : word);
  if (how == SimDisk::Crash::kLost || how == SimDisk::Crash::kOlder)
    replace_directory(program, how);
}

std::filesystem::path SimCluster::data_of(const SimProgram& server) const {
  return directory_ / server.name();
}

void SimCluster::back_up(size_t index) {
  const std::filesystem::path backup = data_of(server(index)).concat(".backup");
  std::filesystem::remove_all(backup);
  std::filesystem::copy(data_of(server(index)), backup, std::filesystem::copy_options::recursive);
  servers_[index].disk->back_up();
}

void SimCluster::replace_directory(const SimProgram& server, SimDisk::Crash how) const {
  const std::filesystem::path data = data_of(server);
  std::filesystem::remove_all(data);
  if (how == SimDisk::Crash::kOlder) {
    std::filesystem::copy(data_of(server).concat(".backup"), data,
                          std::filesystem::copy_options::recursive);
  }
}

}  // namespace doris::sim

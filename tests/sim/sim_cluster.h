// SimCluster: the real programs - an admin, the data servers of both groups, routers - each on
// a machine of its own, in a simulated world.
//
//   SimCluster cluster(world, {.servers_per_group = 2});
//   cluster.form();
//   cluster.kill(cluster.server(0), SimDisk::Crash::kProcess);
//   world.run_for(Millis{300});
//   cluster.server(0).start();
//
// What the programs keep in files stays real, in a directory of its own that goes with the
// cluster: it is read and written between two moments of simulated time. The records are on
// SimDisks.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/net/address.h"
#include "tests/sim/network.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_program.h"

namespace doris::admin {
class Admin;
}
namespace doris::server {
class Node;
}

namespace doris::sim {

class SimCluster {
 public:
  struct Options {
    uint32_t servers_per_group = 2;
    uint32_t shards = 2;  // Of each server.
    uint32_t routers = 2;
    uint32_t vnodes = 16;
    bool sync_each_commit = true;                               // Else each second.
    std::vector<std::pair<std::string, std::string>> settings;  // Of all programs.
  };

  SimCluster(World& world, Options options);
  ~SimCluster();
  SimCluster(const SimCluster&) = delete;
  SimCluster& operator=(const SimCluster&) = delete;

  // Starts everybody and runs the world until all serve. Aborts if that takes a minute.
  void form();

  // Every node is `up` in the admin's topology, and serves by the newest one.
  [[nodiscard]] bool is_whole() const;

  // Has all data servers compare what they hold with its other copies, from now on. Without an
  // admin nothing happens.
  void verify();

  // The records that this, or the servers' own background, has found to differ, in words; empty if
  // there are none. What the processes that died had found is not among them.
  [[nodiscard]] std::string differences() const;

  // Whether all servers have done what verify() asked for.
  [[nodiscard]] bool is_verified() const;

  // What the admin has decided, and when, a line each; empty without one.
  [[nodiscard]] std::string history() const;

  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] Network& network() { return network_; }
  [[nodiscard]] SimProgram& admin() { return *admin_; }
  [[nodiscard]] size_t servers() const { return servers_.size(); }
  [[nodiscard]] SimProgram& server(size_t index) { return *servers_[index].program; }
  [[nodiscard]] size_t routers() const { return routers_.size(); }
  [[nodiscard]] SimProgram& router(size_t index) { return *routers_[index]; }
  [[nodiscard]] net::Address router_address(size_t index) const;

  // All of them: the admin, the servers, the routers.
  [[nodiscard]] const std::vector<SimProgram*>& programs() const { return programs_; }

  // As kill -9 does, or the loss of power: then the machine is off the network, too, until
  // set_power(), and its connections end without a word. A lost or an older disk is a server's.
  void kill(SimProgram& program, SimDisk::Crash how);

  // A copy of that server's disk, for SimDisk::Crash::kOlder.
  void back_up(size_t index);

  void set_full(size_t index, bool full) { servers_[index].disk->set_full(full); }

 private:
  struct Server {
    std::unique_ptr<SimDisk> disk;
    server::Node* node = nullptr;  // The running program's own.
    std::unique_ptr<SimProgram> program;
  };

  [[nodiscard]] Config config(const std::string& machine,
                              std::vector<std::pair<std::string, std::string>> values) const;
  [[nodiscard]] std::filesystem::path data_of(const SimProgram& server) const;
  void replace_directory(const SimProgram& server, SimDisk::Crash how) const;
  void sync_each_second();
  void make_admin();
  void make_server(const std::string& group, uint32_t number);
  void make_router(uint32_t number);

  World& world_;
  const Options options_;
  const std::filesystem::path directory_;
  Network network_;
  admin::Admin* running_admin_ = nullptr;
  std::unique_ptr<SimProgram> admin_;
  std::deque<Server> servers_;
  std::vector<std::unique_ptr<SimProgram>> routers_;
  std::vector<SimProgram*> programs_;
};

}  // namespace doris::sim

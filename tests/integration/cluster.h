// Cluster: real Doris processes in a directory of their own, through local_cluster.sh,
// on free ports of 127.0.0.1 or on machines of its own. Started by the constructor, stopped and
// removed by the destructor.
//
//   Cluster cluster({.routers = 2, .conf = {"appendfsync=always"}});
//   RedisClient client = cluster.client();
//   cluster.kill("a1");
//   cluster.restart("a1");
//
// Names are local_cluster.sh's: admin-1, a1.., b1.., s1.., router-1... Whatever it is
// asked that does not work fails the test. After a failed test the ends of all logs are
// printed, and a log that holds a sanitizer's report or a failed check fails the test.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/integration/namespaces.h"
#include "tests/integration/process.h"
#include "tests/integration/redis_client.h"

namespace doris::integration {

class Cluster {
 public:
  struct Options {
    uint32_t servers_per_group = 1;
    uint32_t standbys = 0;
    uint32_t routers = 1;
    std::vector<std::string> conf = {};   // "key=value"
    const Namespaces* network = nullptr;  // Each program on the machine of its name there.
  };

  explicit Cluster(Options options);
  Cluster() : Cluster(Options()) {}
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Returns once everything serves requests. Also after stop().
  void start();
  void stop();

  void kill(const std::string& name);                         // kill -9
  void kill_together(const std::vector<std::string>& names);  // With nothing between them.
  void freeze(const std::string& name);
  void thaw(const std::string& name);
  void restart(const std::string& name);  // Returns once it answers PING.

  // The same where it may not work: whether it did.
  bool try_kill(const std::string& name);
  bool try_restart(const std::string& name);

  // Waits until a write and a read through `router` work again.
  void await_service(const std::string& router = "router-1");

  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::string status() const;  // As local_cluster.sh prints it.
  [[nodiscard]] uint16_t port(const std::string& name) const;
  [[nodiscard]] pid_t pid(const std::string& name) const;
  [[nodiscard]] std::string log(const std::string& name) const;  // All of it.
  [[nodiscard]] std::string directory() const { return directory_; }

  [[nodiscard]] Endpoint endpoint(const std::string& name) const;
  [[nodiscard]] std::vector<Endpoint> routers() const;

  // A connection to a program of the cluster.
  [[nodiscard]] RedisClient client(const std::string& name = "router-1") const {
    return RedisClient(endpoint(name));
  }

 private:
  // Starts nothing yet. Once it is done the destructor will run, and so end whatever the
  // public constructor started before it failed.
  enum class Idle { kIdle };
  Cluster(Options options, Idle);

  Outcome control(std::vector<std::string> args) const;
  void must(std::vector<std::string> args) const;
  void judge_logs() const;

  const Options options_;
  const std::string directory_;
  const uint16_t first_port_;
};

// The path of a program of this build: "doris-router".
[[nodiscard]] std::string program(const std::string& name);

// The first of 100 free ports of 127.0.0.1, another at each call.
[[nodiscard]] uint16_t free_ports();

}  // namespace doris::integration

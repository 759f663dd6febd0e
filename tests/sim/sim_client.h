// SimClient: a client of the cluster, on a machine of its own. It asks one command at a time,
// chosen at random, of one router, and writes down in the histories what it was told. When it
// is told nothing useful - an error, a lost connection, no reply within its patience - it goes
// to a router chosen anew: what became of the command is unknown.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/net/address.h"
#include "resp/client.h"
#include "tests/sim/history.h"
#include "tests/sim/process.h"

namespace doris::sim {

using Histories = std::map<std::string, History>;  // By key.

class SimClient {
 public:
  struct Options {
    uint32_t number = 0;
    uint32_t keys = 4;
    bool atomic_commands = false;  // INCR, APPEND and the like, too.
    Millis patience{6000};         // For a reply.
    std::vector<net::Address> routers;
  };

  // Starts at once. What it refers to outlives it.
  SimClient(Network& network, Options options, Histories& histories);
  ~SimClient();

  // No new commands from now on.
  void stop() { stopped_ = true; }
  [[nodiscard]] bool idle() const { return !waiting_; }

  // Reads the key once more, when it is idle; for the end of a story.
  void read(const std::string& key);

  // How many commands were answered as they should be, and how many by an error.
  [[nodiscard]] uint64_t answered() const { return answered_; }
  [[nodiscard]] uint64_t refused() const { return refused_; }

 private:
  void ask_soon(Micros pause);
  void ask(Words command);
  void on_reply(Operation operation, const Result<resp::Value>& reply);
  [[nodiscard]] Words choose_command();
  void choose_router();

  const Options options_;
  Histories& histories_;
  Process process_;
  World& world_;
  Random random_;
  std::unique_ptr<net::Timer> pause_;
  std::unique_ptr<resp::Client> connection_;
  uint64_t next_value_ = 1;
  uint64_t answered_ = 0;
  uint64_t refused_ = 0;
  bool waiting_ = false;
  bool stopped_ = false;
};

}  // namespace doris::sim

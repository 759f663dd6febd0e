// SimClient: a client of the cluster, on a machine of its own. It asks one command at a time, or
// a few of one key, chosen at random, of one router, and writes down in the histories what it was
// told. When it is told nothing useful - an error, a lost connection, no reply within its patience
// - it goes to a router chosen anew: what became of the command is unknown.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/net/address.h"
#include "resp/client.h"
#include "tests/checker/history.h"
#include "tests/checker/workload.h"
#include "tests/sim/process.h"

namespace doris::sim {

class SimClient {
 public:
  struct Options {
    uint32_t number = 0;
    uint32_t keys = 4;
    bool atomic_commands = false;  // INCR, APPEND and the like, too.
    bool only_increments = false;  // INCR, and nothing else.
    bool pipelines = false;        // Several commands at once, now and then.
    Millis patience{6000};         // For a reply.
    std::vector<net::Address> routers;
  };

  // Starts at once. What it refers to outlives it.
  SimClient(Network& network, Options options, checker::Histories& histories);
  ~SimClient();

  // No new commands from now on.
  void stop() { stopped_ = true; }
  [[nodiscard]] bool idle() const { return waiting_ == 0; }

  // Reads the key once more, when it is idle; for the end of a story.
  void read(const std::string& key);

  // How many commands were answered as they should be, and how many by an error.
  [[nodiscard]] uint64_t answered() const { return answered_; }
  [[nodiscard]] uint64_t refused() const { return refused_; }

 private:
  void ask_soon(Micros pause);
  void ask_some();
  void ask(checker::Words command);
  void on_reply(checker::Operation operation, const Result<resp::Value>& reply);
  [[nodiscard]] checker::Words choose_command(uint64_t number);
  void choose_router();

  const Options options_;
  checker::Histories& histories_;
  Process process_;
  World& world_;
  Random random_;
  checker::Workload workload_;
  std::unique_ptr<net::Timer> pause_;
  std::unique_ptr<resp::Client> connection_;
  uint64_t answered_ = 0;
  uint64_t refused_ = 0;
  uint32_t waiting_ = 0;  // Commands without a reply yet.
  bool in_trouble_ = false;
  bool stopped_ = false;
};

}  // namespace doris::sim

#include "tests/sim/sim_story.h"

#include <fmt/format.h>

#include <deque>

#include "tests/checker/linearizability.h"
#include "tests/sim/sim_client.h"

namespace doris::sim {
namespace {

constexpr Micros kSettlingMax{30'000'000};

class Telling {
 public:
  Telling(uint64_t seed, const StoryOptions& options)
      : options_(options), world_(seed), cluster_(world_, options.cluster) {}

  SimStory tell() {
    cluster_.form();
    start_clients();
    live();
    settle();
    compare_copies();
    judge();
    count();
    return std::move(story_);
  }

 private:
  void start_clients() {
    std::vector<net::Address> routers;
    for (size_t i = 0; i < cluster_.routers(); ++i)
      routers.push_back(cluster_.router_address(i));
    for (uint32_t i = 1; i <= options_.clients; ++i) {
      clients_.emplace_back(cluster_.network(),
                            SimClient::Options{.number = i,
                                               .keys = options_.keys,
                                               .atomic_commands = options_.atomic_commands,
                                               .only_increments = options_.only_increments,
                                               .pipelines = options_.pipelines,
                                               .routers = routers},
                            histories_);
    }
  }

  void live() {
    if (options_.faults.empty()) return world_.run_for(options_.time);
    SimFaults faults(cluster_, options_.faults);
    const Micros until = world_.elapsed() + options_.time;
    while (world_.elapsed() < until && story_.trouble.empty()) {
      world_.run_for(world_.between(Micros{0}, options_.fault_pause));
      if (!faults.strike_and_mend(options_.fault_time))
        trouble("the cluster did not become whole again");
      look_for_differences();
    }
    story_.happened = faults.told() + cluster_.history();
  }

  // What is settled on one copy is on both, at any time at which both are up.
  void look_for_differences() {
    const std::string found = cluster_.differences();
    if (!found.empty()) trouble("the copies differ: " + found);
    cluster_.verify();
  }

  void compare_copies() {
    cluster_.verify();
    if (!world_.run_until([this] { return cluster_.is_verified(); }, kSettlingMax))
      trouble("the copies were not compared");
    look_for_differences();
  }

  // Nothing is under way any more, and every key has been read.
  void settle() {
    for (SimClient& client : clients_)
      client.stop();
    wait_for_all();
    for (uint32_t key = 0; key < options_.keys; ++key) {
      for (SimClient& client : clients_)
        if (client.idle()) client.read(fmt::format("key-{}", key));
      wait_for_all();
    }
  }

  void wait_for_all() {
    const auto all_idle = [this] {
      for (const SimClient& client : clients_)
        if (!client.idle()) return false;
      return true;
    };
    if (!world_.run_until(all_idle, kSettlingMax)) trouble("a client never got an answer");
  }

  void judge() { story_.trouble += checker::fault_in(histories_); }

  void count() {
    story_.seed = world_.seed();
    story_.trace = world_.trace();
    for (const SimClient& client : clients_) {
      story_.answered += client.answered();
      story_.refused += client.refused();
    }
    for (const auto& [key, history] : histories_) {
      for (const checker::Operation& operation : history)
        count(operation);
    }
  }

  void count(const checker::Operation& operation) {
    if (!operation.returned) {
      if (operation.reply.starts_with('-')) story_.refusals += checker::describe({operation});
      return;
    }
    const Micros time = *operation.returned - operation.invoked;
    if (time <= story_.slowest) return;
    story_.slowest = time;
    story_.slowest_was = "the slowest: " + checker::describe({operation});
  }

  void trouble(const std::string& what) { story_.trouble += what + "\n"; }

  const StoryOptions options_;
  World world_;
  SimCluster cluster_;
  checker::Histories histories_;
  std::deque<SimClient> clients_;
  SimStory story_;
};

}  // namespace

SimStory tell_story(uint64_t seed, const StoryOptions& options) {
  return Telling(seed, options).tell();
}

}  // namespace doris::sim

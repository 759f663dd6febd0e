// What faults cost clients, as figures: not run by default, since time decides nothing elsewhere.
// docs/FAULTS.md has what they print.
//
//   build/tests/integration_test '[figures]'
//   build/tests/integration_test 'the cost of data servers that are killed'     # One row.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <iostream>

#include "base/random.h"
#include "tests/integration/checked_load.h"
#include "tests/integration/cluster_state.h"
#include "tests/integration/disk_faults.h"
#include "tests/integration/hung_thread.h"

namespace doris::integration {
namespace {

using checker::Micros;
using Durations = std::vector<Micros>;

const std::vector<std::string> kMachines = {"admin-1", "a1", "a2", "b1", "b2", "router-1"};
const std::vector<std::string> kServers = {"a1", "a2", "b1", "b2"};

void stay(Millis time) {
  std::this_thread::sleep_for(time);  // A fault's own length.
}

std::string in_ms(Micros time) {
  return fmt::format("{}", time.count() / 1000);
}

Micros median(Durations all) {
  std::ranges::sort(all);
  return all[all.size() / 2];
}

size_t lines_with(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++count;
  return count;
}

// The bounds that a row has to keep; none: it is only told.
struct Bounds {
  Millis median{60'000};
  Millis longest{60'000};
  bool errors = false;             // They may be.
  std::optional<size_t> router{};  // Only its clients' pauses are told.
};

// Breaks and mends `cluster` round after round under eight clients, and prints a row of the
// table: `fault` returns when it is over, and the cluster is whole again soon after.
void measure(const std::string& what, Cluster& cluster, int rounds,
             const std::function<void(int round)>& fault, const Bounds& bounds) {
  CheckedLoad load(cluster.routers());
  std::vector<Micros> ends = {Micros{0}};
  for (int round = 0; round < rounds; ++round) {
    REQUIRE(load.await_progress());
    ends.push_back(load.now());
    fault(round);
    REQUIRE(becomes_whole(cluster));
    REQUIRE(load.await_progress());
  }
  ends.push_back(load.now());
  load.finish();

  Durations reads;
  Durations writes;
  for (size_t i = 1; i + 1 < ends.size(); ++i) {
    reads.push_back(load.longest_wait(false, ends[i], ends[i + 1], bounds.router));
    writes.push_back(load.longest_wait(true, ends[i], ends[i + 1], bounds.router));
  }
  const std::string violations = load.violations();
  const std::string losses = load.losses();
  const Micros longest = std::max(std::ranges::max(reads), std::ranges::max(writes));
  std::cout << fmt::format("| {} | {} | {} | {} / {} | {} / {} | {} | {} | {} |\n", what,
                           load.refused(), load.broken(), in_ms(median(reads)),
                           in_ms(median(writes)), in_ms(std::ranges::max(reads)),
                           in_ms(std::ranges::max(writes)), lines_with(violations, " cannot be"),
                           lines_with(losses, "cannot be"), load.answered());
  CHECK_THAT(violations, Catch::Equals(""));
  CHECK_THAT(losses, Catch::Equals(""));
  if (!bounds.errors) CHECK_THAT(load.refusals(), Catch::Equals(""));
  CHECK(median(reads) < bounds.median);
  CHECK(median(writes) < bounds.median);
  CHECK(longest < bounds.longest);
}

const std::string& any_server() {
  static Random random(1);
  return kServers[random.below(kServers.size())];
}

TEST_CASE("the cost of data servers that are killed", "[.figures]") {
  Cluster cluster({.servers_per_group = 2});
  measure("a random data server is killed, and started a second later; 20 times", cluster, 20,
          [&](int) {
            const std::string& server = any_server();
            cluster.kill(server);
            stay(Millis{1000});
            cluster.restart(server);
          },
          {.median = Millis{300}, .longest = Millis{1000}});
}

TEST_CASE("the cost of data servers that freeze", "[.figures]") {
  Cluster cluster({.servers_per_group = 2});
  measure("a random data server freezes for 5 s; 10 times", cluster, 10,
          [&](int) {
            const std::string& server = any_server();
            cluster.freeze(server);
            stay(Millis{5000});
            cluster.thaw(server);
          },
          {.longest = Millis{2500}});
}

TEST_CASE("the cost of threads that hang", "[.figures]") {
  Cluster cluster({.servers_per_group = 2});
  measure("the thread of a shard hangs for 5 s in a random data server; 10 times", cluster, 10,
          [&](int) {
            const HungThread shard(cluster.pid(any_server()), "shard-0");
            REQUIRE(shard.hung());
            stay(Millis{5000});
          },
          {.longest = Millis{2500}});
}

TEST_CASE("the cost of data servers that are cut off", "[.figures]") {
  Namespaces network(kMachines);
  REQUIRE_THAT(network.why_not(), Catch::Equals(""));
  Cluster cluster({.servers_per_group = 2, .network = &network});
  measure("a random data server is cut off for 5 s; 10 times", cluster, 10,
          [&](int) {
            network.unplug(any_server());
            stay(Millis{5000});
            network.mend();
          },
          {.longest = Millis{2500}});
}

TEST_CASE("the cost of a wire between router and data server", "[.figures]") {
  Namespaces network(kMachines);
  REQUIRE_THAT(network.why_not(), Catch::Equals(""));
  Cluster cluster({.servers_per_group = 2, .network = &network});
  measure("nothing that the router sends reaches a random data server for 3 s; 5 times", cluster, 5,
          [&](int) {
            network.cut("router-1", any_server());
            stay(Millis{3000});
            network.mend();
          },
          {});
}

TEST_CASE("the cost of a wire between router and admin", "[.figures]") {
  Namespaces network(kMachines);
  REQUIRE_THAT(network.why_not(), Catch::Equals(""));
  Cluster cluster({.servers_per_group = 2, .network = &network});
  measure("the only router does not reach the admin, and a random data server is killed; 5 times",
          cluster, 5,
          [&](int) {
            const std::string& server = any_server();
            network.cut_both_ways("router-1", "admin-1");
            cluster.kill(server);
            stay(Millis{2000});
            cluster.restart(server);
            stay(Millis{1000});
            network.mend();
          },
          {.errors = true});
}

TEST_CASE("the cost of a wire between data servers", "[.figures]") {
  Namespaces network(kMachines);
  REQUIRE_THAT(network.why_not(), Catch::Equals(""));
  Cluster cluster({.servers_per_group = 2, .network = &network});
  measure("a1 and b1 do not reach each other for 3 s; 5 times", cluster, 5,
          [&](int) {
            network.cut_both_ways("a1", "b1");
            stay(Millis{3000});
            network.mend();
          },
          {});
}

TEST_CASE("the cost of routers that are killed", "[.figures]") {
  Cluster cluster({.servers_per_group = 2, .routers = 2});
  measure("one of two routers is killed, and started a second later; 10 times", cluster, 10,
          [&](int round) {
            const std::string router = "router-" + std::to_string(1 + round % 2);
            cluster.kill(router);
            stay(Millis{1000});
            cluster.restart(router);
          },
          {});
}

TEST_CASE("the cost of routers that freeze", "[.figures]") {
  Cluster cluster({.servers_per_group = 2, .routers = 2});
  measure("one of two routers freezes for 2 s; 5 times", cluster, 5,
          [&](int round) {
            const std::string router = "router-" + std::to_string(1 + round % 2);
            cluster.freeze(router);
            stay(Millis{2000});
            cluster.thaw(router);
          },
          {});
}

TEST_CASE("the cost of another router that freezes", "[.figures]") {
  Cluster cluster({.servers_per_group = 2, .routers = 2});
  measure("the other one of two routers freezes for 10 s; 5 times", cluster, 5,
          [&](int) {
            cluster.freeze("router-1");
            stay(Millis{10'000});
            cluster.thaw("router-1");
          },
          {.errors = true, .router = 1});
}

TEST_CASE("the cost of a minute without the admin", "[.figures]") {
  Cluster cluster;
  measure("the admin is dead for a minute", cluster, 1,
          [&](int) {
            cluster.kill("admin-1");
            stay(Millis{60'000});
            cluster.restart("admin-1");
          },
          {});
}

TEST_CASE("the cost of an admin that is cut off", "[.figures]") {
  Namespaces network(kMachines);
  REQUIRE_THAT(network.why_not(), Catch::Equals(""));
  Cluster cluster({.network = &network});
  measure("the admin is cut off for 10 s; 2 times", cluster, 2,
          [&](int) {
            network.unplug("admin-1");
            stay(Millis{10'000});
            network.mend();
          },
          {});
}

TEST_CASE("the cost of a standby that dies with an update log", "[.figures]") {
  Cluster cluster({.standbys = 1});
  measure("b1 is dead, and the standby that keeps its update log is killed; 5 times", cluster, 5,
          [&](int) {
            cluster.kill("b1");
            REQUIRE(becomes_degraded(cluster, "b1"));
            stay(Millis{500});
            cluster.kill("s1");
            stay(Millis{1000});
            cluster.restart("s1");
            cluster.restart("b1");
          },
          {});
}

TEST_CASE("the cost of both servers at once", "[.figures]") {
  Cluster cluster;
  measure("both servers of every key are killed together and started one after the other; 5 times",
          cluster, 5,
          [&](int round) {
            cluster.kill_together({"a1", "b1"});
            cluster.restart(round % 2 == 0 ? "a1" : "b1");
            cluster.restart(round % 2 == 0 ? "b1" : "a1");
          },
          {.errors = true});
}

TEST_CASE("the cost of all processes at once", "[.figures]") {
  Cluster cluster({.servers_per_group = 2, .standbys = 1});
  measure("all processes are killed at once and started; 3 times", cluster, 3,
          [&](int) {
            cluster.kill_together(cluster.names());
            cluster.start();
          },
          {.errors = true});
}

TEST_CASE("the cost of a full disk", "[.figures]") {
  ClusterOnASmallDisk small({"b1"});
  REQUIRE(small.disk.mounted());
  measure("the disk of one data server is full for 2 s; 5 times", small.cluster, 5,
          [&](int) {
            small.disk.fill_but(8UL << 20);
            stay(Millis{2000});
            small.disk.free_room();
          },
          {.errors = true});
}

TEST_CASE("the cost of rotten pages", "[.figures]") {
  Cluster cluster({.conf = {"cache-size=16mb", "checkpoint-interval=1s"}});
  RedisClient client = cluster.client();
  const auto read_all = [&] {
    for (int i = 0; i < 6000; ++i)
      (void)client.command({"GET", "k" + std::to_string(i)});
  };
  for (int i = 0; i < 6000; ++i)
    REQUIRE(client.command({"SET", "k" + std::to_string(i), std::string(5000, 'v')}).ok());
  measure("the pages of a running data server rot, and it is filled anew; once", cluster, 1,
          [&](int) {
            REQUIRE(!damage_files(cluster.directory() + "/a1").empty());
            read_all();
            cluster.kill("a1");
            std::filesystem::remove_all(cluster.directory() + "/a1");
            cluster.restart("a1");
          },
          {.errors = true});
}

}  // namespace
}  // namespace doris::integration

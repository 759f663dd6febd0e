// What faults cost clients, as figures: not run by default, since time decides nothing here.
//
//   build/tests/integration_test '[figures]'
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <iostream>
#include <thread>

#include "base/random.h"
#include "tests/integration/cluster.h"

namespace doris::integration {
namespace {

using Clock = std::chrono::steady_clock;

// Clients that read and write all the time and note the longest time without an answer.
class Pauses {
 public:
  explicit Pauses(uint16_t port) {
    for (size_t i = 0; i < kClients; ++i)
      threads_.emplace_back([this, port, i] { run(port, i); });
  }
  ~Pauses() {
    finished_ = true;
    for (std::thread& thread : threads_)
      thread.join();
  }

  // The longest since the last call, in ms.
  int64_t take_longest(bool writes) { return (writes ? write_us_ : read_us_).exchange(0) / 1000; }
  uint64_t errors() const { return errors_; }

 private:
  static constexpr size_t kClients = 8;

  void run(uint16_t port, size_t number) {
    RedisClient client(port);
    for (uint64_t turn = 0; !finished_; ++turn) {
      const std::string key =
          "figures:" + std::to_string(number) + ":" + std::to_string(turn / 2 % 500);
      const bool writes = turn % 2 == 0;
      const auto start = Clock::now();
      const Reply reply = writes ? client.command({"SET", key, "v"}) : client.command({"GET", key});
      const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
      if (!reply.ok() && reply.kind != Reply::kBulk) {
        ++errors_;
        if (!client.connected()) client.reconnect();
      }
      std::atomic<int64_t>& longest = writes ? write_us_ : read_us_;
      int64_t seen = longest;
      while (took.count() > seen && !longest.compare_exchange_weak(seen, took.count())) {
      }
    }
  }

  std::atomic<bool> finished_ = false;
  std::atomic<int64_t> write_us_ = 0;
  std::atomic<int64_t> read_us_ = 0;
  std::atomic<uint64_t> errors_ = 0;
  std::vector<std::thread> threads_;
};

void print(const std::string& what, std::vector<int64_t> pauses) {
  std::ranges::sort(pauses);
  std::cout << what << ": median " << pauses[pauses.size() / 2] << " ms, longest " << pauses.back()
            << " ms\n";
}

template <class Fault, class Mend>
void measure(const std::string& what, int rounds, Fault fault, Mend mend) {
  Cluster cluster({.servers_per_group = 2});
  const std::vector<std::string> servers = {"a1", "a2", "b1", "b2"};
  Random random(1);
  Pauses pauses(cluster.port("router-1"));
  std::vector<int64_t> reads;
  std::vector<int64_t> writes;
  for (int round = 0; round < rounds; ++round) {
    const std::string& server = servers[random.below(servers.size())];
    (void)pauses.take_longest(true);
    (void)pauses.take_longest(false);
    fault(cluster, server);
    mend(cluster, server);
    REQUIRE(eventually([&] {
      return cluster.client().command({"DORIS.STATUS"}).line("copies") ==
             "2 copies of all 10000 vnodes";
    }));
    reads.push_back(pauses.take_longest(false));
    writes.push_back(pauses.take_longest(true));
  }
  print(what + ", reads", reads);
  print(what + ", writes", writes);
  std::cout << what << ", errors: " << pauses.errors() << "\n";
  CHECK(pauses.errors() == 0);
}

TEST_CASE("what killed data servers cost", "[.figures]") {
  measure(
      "20 kills", 20, [](Cluster& cluster, const std::string& server) { cluster.kill(server); },
      [](Cluster& cluster, const std::string& server) {
        std::this_thread::sleep_for(Millis{1000});
        cluster.restart(server);
      });
}

TEST_CASE("what frozen data servers cost", "[.figures]") {
  measure(
      "10 freezes", 10, [](Cluster& cluster, const std::string& server) { cluster.freeze(server); },
      [](Cluster& cluster, const std::string& server) {
        std::this_thread::sleep_for(Millis{5000});
        cluster.thaw(server);
      });
}

TEST_CASE("what a minute without the admin costs", "[.figures]") {
  Cluster cluster;
  Pauses pauses(cluster.port("router-1"));
  cluster.kill("admin-1");
  std::this_thread::sleep_for(Millis{60'000});
  cluster.restart("admin-1");
  std::cout << "a minute without the admin: longest read " << pauses.take_longest(false)
            << " ms, longest write " << pauses.take_longest(true) << " ms, errors "
            << pauses.errors() << "\n";
  CHECK(pauses.errors() == 0);
}

}  // namespace
}  // namespace doris::integration

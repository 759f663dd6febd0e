// Two copies of everything: both data servers of a key, asked directly.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/integration/cluster.h"

namespace doris::integration {
namespace {

// What the data server `name` holds of a physical key: "version state value".
std::string record(const Cluster& cluster, const std::string& name, const std::string& key) {
  RedisClient client = cluster.client(name);
  const Reply reply = client.command({"DORIS.RECORD", key});
  INFO(name << " holds of " << key << ": " << reply);
  REQUIRE(reply.line("version").size() > 1);
  return reply.line("version") + " " + reply.line("state") + " " + reply.line("value");
}

// Writes each key a few times, and deletes every fifth.
void write_keys(RedisClient& client, int keys) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < keys; ++i) {
      client.append({"SET", "k" + std::to_string(i), std::to_string(round)});
    }
  }
  for (int i = 0; i < 3 * keys; ++i)
    REQUIRE(client.read().ok());
  for (int i = 0; i < keys; i += 5) {
    REQUIRE(client.command({"DEL", "k" + std::to_string(i)}) == Reply::integer(1));
  }
}

TEST_CASE("both data servers hold each key, with equal versions") {
  const Cluster cluster;
  RedisClient client = cluster.client();
  constexpr int kKeys = 200;
  write_keys(client, kKeys);

  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "k" + std::to_string(i);
    const std::string held = record(cluster, "a1", key);
    CHECK(held == record(cluster, "b1", key));
    CHECK(held.ends_with(i % 5 == 0 ? "deleted " : "live 2"));
  }
}

TEST_CASE("a key of a namespace is held under its physical name") {
  const Cluster cluster;
  RedisClient client = cluster.client();
  REQUIRE(client.command({"SELECT", "7"}).ok());
  REQUIRE(client.command({"SET", "k", "v"}).ok());

  CHECK(record(cluster, "a1", "7:k").ends_with(" live v"));
  CHECK(record(cluster, "a1", "7:k") == record(cluster, "b1", "7:k"));
}

TEST_CASE("two routers serve one cluster, and see each other's writes at once") {
  const Cluster cluster({.routers = 2});
  RedisClient one = cluster.client("router-1");
  RedisClient two = cluster.client("router-2");

  for (int i = 0; i < 300; ++i) {
    const std::string key = "k" + std::to_string(i % 10);
    REQUIRE(one.command({"SET", key, std::to_string(i)}).ok());
    REQUIRE(two.command({"GET", key}) == Reply::bulk(std::to_string(i)));
    REQUIRE(two.command({"DEL", key}) == Reply::integer(1));
    REQUIRE(one.command({"GET", key}) == Reply::nil());
  }
}

TEST_CASE("writers of the same keys through two routers leave both copies equal", "[threads]") {
  const Cluster cluster({.routers = 2});
  constexpr int kKeys = 5;
  constexpr int kWrites = 1500;
  std::atomic<int> acknowledged = 0;

  const auto write = [&](const std::string& router) {
    RedisClient client = cluster.client(router);
    for (int i = 0; i < kWrites; ++i) {
      const std::string key = "k" + std::to_string(i % kKeys);
      if (client.command({"SET", key, router + std::to_string(i)}).ok()) ++acknowledged;
    }
  };
  std::thread first(write, "router-1");
  std::thread second(write, "router-2");
  first.join();
  second.join();

  CHECK(acknowledged == 2 * kWrites);
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "k" + std::to_string(i);
    CHECK(record(cluster, "a1", key) == record(cluster, "b1", key));
  }
}

}  // namespace
}  // namespace doris::integration

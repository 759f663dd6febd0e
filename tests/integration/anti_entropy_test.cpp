// Copies that differ, as an operator finds and mends them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "resp/version.h"
#include "tests/integration/cluster.h"
#include "tests/integration/cluster_state.h"

namespace doris::integration {
namespace {

std::string vnode_of(Cluster& cluster, const std::string& key) {
  return cluster.client().command({"DORIS.ROUTE", key}).line("vnode");
}

// As a peer would: `server` alone gets the record.
void give(Cluster& cluster, const std::string& server, const std::string& key) {
  RedisClient router = cluster.client();
  const Reply status = router.command({"DORIS.STATUS"});
  const std::string vnode = vnode_of(cluster, key);
  std::string version(resp::Version::kBytes, '\0');
  resp::Version{1, 1'700'000'000'000UL << 16, 257}.encode(version.data());
  RedisClient shard(static_cast<uint16_t>(cluster.port(server) + 1));
  REQUIRE(shard.command({"DORIS.PEER", status.line("cluster"), status.line("epoch"), "test"}).ok());
  const Reply stored = shard.command({"VSET", "S", vnode, key, version, "0", "v"});
  INFO(stored);
  REQUIRE(stored.kind == Reply::kInteger);
}

std::string verify(Cluster& cluster, std::vector<std::string> command, const std::string& line) {
  RedisClient router = cluster.client();
  REQUIRE(eventually([&] { return router.command(command).kind == Reply::kStatus; }));
  Reply report;
  REQUIRE(eventually([&] {
    report = router.command({"DORIS.VERIFY", "STATUS"});
    return report.line("state") == "done";
  }));
  INFO(report);
  CHECK(report.line("compared") == "10000");
  return report.line(line);
}

TEST_CASE("DORIS.VERIFY finds what only one copy has, REPAIR mends it", "[threads]") {
  Cluster cluster({.conf = {"shards=1"}});
  cluster.await_service();
  CHECK(verify(cluster, {"DORIS.VERIFY"}, "differences") == "0");
  for (int i = 0; i < 5; ++i)
    give(cluster, i % 2 == 0 ? "a1" : "b1", "lonely" + std::to_string(i));
  CHECK(verify(cluster, {"DORIS.VERIFY"}, "differences") == "5");
  CHECK(verify(cluster, {"DORIS.VERIFY", "REPAIR"}, "mended") == "5");
  CHECK(verify(cluster, {"DORIS.VERIFY"}, "differences") == "0");
  for (const char* server : {"a1", "b1"}) {
    for (int i = 0; i < 5; ++i) {
      const std::string key = "lonely" + std::to_string(i);
      CHECK(cluster.client(server).command({"DORIS.RECORD", key}).line("state") == "live");
    }
  }
}

TEST_CASE("deleted keys leave nothing behind on either copy, and stay deleted") {
  Cluster cluster({.conf = {"tombstone-retention=1s", "anti-entropy-interval=2s", "vnodes=500"}});
  RedisClient client = cluster.client();
  const auto state = [&](const std::string& server, const std::string& key) {
    return cluster.client(server).command({"DORIS.RECORD", key}).line("state");
  };
  for (int i = 0; i < 100; ++i)
    client.command({"SET", "k" + std::to_string(i), "v"});
  for (int i = 0; i < 50; ++i)
    CHECK(client.command({"DEL", "k" + std::to_string(i)}) == Reply::integer(1));
  CHECK(state("a1", "k7") == "deleted");
  for (const std::string server : {"a1", "b1"}) {
    REQUIRE(eventually([&] {
      for (int i = 0; i < 50; ++i)
        if (state(server, "k" + std::to_string(i)) != "absent") return false;
      return true;
    }));
  }
  CHECK(client.command({"GET", "k7"}) == Reply::nil());
  CHECK(client.command({"GET", "k77"}) == Reply::bulk("v"));
  CHECK(client.command({"SET", "k7", "again"}).ok());
  CHECK(client.command({"GET", "k7"}) == Reply::bulk("again"));
  cluster.kill("a1");
  cluster.restart("a1");
  cluster.await_service();
  CHECK(client.command({"GET", "k8"}) == Reply::nil());
  CHECK(client.command({"GET", "k7"}) == Reply::bulk("again"));
}

// Each fault is healed before the next. What is filled anew must learn what was deleted, too.
TEST_CASE(
    "a deleted key stays deleted though one server is filled anew, and then an old disk comes") {
  namespace fs = std::filesystem;
  Cluster cluster({.conf = {"tombstone-retention=1s", "anti-entropy-interval=1s", "vnodes=100"}});
  RedisClient client = cluster.client();
  std::vector<std::string> del = {"DEL"};
  for (int i = 0; i < 9; ++i) {
    del.push_back("k" + std::to_string(i));
    REQUIRE(client.command({"SET", del.back(), "v"}).ok());
  }
  const std::string a1 = cluster.directory() + "/a1";
  const std::string older = cluster.directory() + "/a1-older";
  cluster.kill("a1");
  fs::copy(a1, older, fs::copy_options::recursive);
  cluster.restart("a1");
  REQUIRE(becomes_whole(cluster));
  REQUIRE(client.command(del) == Reply::integer(9));
  for (const std::string server : {"a1", "b1"}) {
    REQUIRE(eventually([&] {
      return std::all_of(del.begin() + 1, del.end(), [&](const std::string& key) {
        return cluster.client(server).command({"DORIS.RECORD", key}).line("state") == "absent";
      });
    }));
  }
  cluster.kill("b1");
  fs::remove_all(cluster.directory() + "/b1");
  cluster.restart("b1");
  REQUIRE(becomes_whole(cluster));
  cluster.kill("a1");
  fs::remove_all(a1);
  fs::rename(older, a1);
  cluster.restart("a1");
  REQUIRE(becomes_whole(cluster));
  std::vector<std::string> exists = del;
  exists[0] = "EXISTS";
  CHECK(client.command(exists) == Reply::integer(0));
}

}  // namespace
}  // namespace doris::integration

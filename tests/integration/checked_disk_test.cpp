// Disks that fill up and pages that rot, under a load whose history is judged.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/checked_load.h"
#include "tests/integration/cluster_state.h"
#include "tests/integration/disk_faults.h"

namespace doris::integration {
namespace {

// No client has seen an error: what the server refused until it was failed over, has waited.
void judge(Cluster& cluster, CheckedLoad& load) {
  REQUIRE(becomes_whole(cluster));
  REQUIRE(load.await_progress());
  load.finish();
  CHECK_THAT(load.refusals(), Catch::Equals(""));
  CHECK_THAT(load.violations(), Catch::Equals(""));
  CHECK_THAT(disagreement(cluster, load.keys()), Catch::Equals(""));
}

TEST_CASE("the disk of one server is full, and clients see nothing of it") {
  ClusterOnASmallDisk small({"b1"});
  if (!small.disk.mounted()) {
    WARN("skipped: mounting a small file system needs more rights");
    return;
  }
  CheckedLoad load(small.cluster.routers());
  for (int round = 0; round < 2; ++round) {
    small.disk.fill_but(8UL << 20);
    REQUIRE(eventually([&] { return copies(small.cluster).ends_with("without b1"); }));
    REQUIRE(load.await_progress());
    small.disk.free_room();
    REQUIRE(becomes_whole(small.cluster));
    REQUIRE(load.await_progress());
  }
  judge(small.cluster, load);
}

// More than the caches hold, so that pages are read again.
constexpr int kValues = 6000;

std::string value(int number) {
  return std::string(5000, static_cast<char>('a' + number % 26));
}

void write_values(Cluster& cluster) {
  RedisClient client = cluster.client();
  for (int i = 0; i < kValues; ++i)
    client.append({"SET", "k" + std::to_string(i), value(i)});
  for (int i = 0; i < kValues; ++i)
    REQUIRE(client.read().ok());
}

// Each is read as it was written, also while its server is being failed over.
void read_values(Cluster& cluster) {
  RedisClient client = cluster.client();
  for (int i = 0; i < kValues; ++i) {
    const Reply reply = client.command({"GET", "k" + std::to_string(i)});
    INFO("k" << i << ": " << reply);
    REQUIRE(reply == Reply::bulk(value(i)));
  }
}

// What an operator does about damaged files: the server comes back with an empty disk.
void refill(Cluster& cluster, const std::string& server) {
  (void)cluster.try_kill(server);  // If it runs.
  std::filesystem::remove_all(cluster.directory() + "/" + server);
  cluster.restart(server);
}

const Cluster::Options kSmallCaches{.conf = {"cache-size=16mb", "checkpoint-interval=1s"}};

TEST_CASE("pages rot under a server that runs: the other copy answers, and it is named") {
  Cluster cluster(kSmallCaches);
  write_values(cluster);
  CheckedLoad load(cluster.routers());
  REQUIRE(load.await_progress());
  REQUIRE(!damage_files(cluster.directory() + "/a1").empty());
  read_values(cluster);
  REQUIRE(eventually([&] { return copies(cluster).ends_with("without a1"); }));
  CHECK_THAT(status_of(cluster), Catch::Contains("a1"));
  REQUIRE(load.await_progress());

  refill(cluster, "a1");
  judge(cluster, load);
}

TEST_CASE("pages have rotted when a server starts: the other copy answers, and it is named") {
  Cluster cluster(kSmallCaches);
  write_values(cluster);
  CheckedLoad load(cluster.routers());
  REQUIRE(load.await_progress());
  cluster.kill("a1");
  REQUIRE(becomes_degraded(cluster, "a1"));
  REQUIRE(!damage_files(cluster.directory() + "/a1").empty());

  // Whether it starts depends on the pages that it needs for that.
  (void)cluster.try_restart("a1");
  read_values(cluster);
  CHECK_THAT(copies(cluster), Catch::EndsWith("without a1"));
  REQUIRE(load.await_progress());
  refill(cluster, "a1");
  judge(cluster, load);
}

}  // namespace
}  // namespace doris::integration

// Data servers that die, freeze and come back while clients write and read.
#include <catch2/catch.hpp>

#include "tests/integration/acknowledged_writes.h"
#include "tests/integration/cluster.h"
#include "tests/integration/cluster_state.h"
#include "tests/integration/counters.h"
#include "tests/integration/files.h"

namespace doris::integration {
namespace {

// Runs `fault` and `mend` on server after server under load. No client may see an error, and
// nothing that was acknowledged may be lost.
template <class Fault, class Mend>
void survive(Cluster& cluster, const std::vector<std::string>& servers, Fault fault, Mend mend) {
  AcknowledgedWrites writes(cluster.port("router-1"));
  for (const std::string& server : servers) {
    INFO("the server " << server);
    fault(server);
    REQUIRE(becomes_degraded(cluster, server));
    REQUIRE(writes.await_progress());
    mend(server);
    REQUIRE(becomes_whole(cluster));
    REQUIRE(writes.await_progress());
  }
  writes.finish();
  RedisClient client = cluster.client();
  CHECK(writes.broken(client).empty());
  CHECK_THAT(writes.failures(), Catch::Equals(""));
}

TEST_CASE("data servers are killed one after the other, and no client sees an error") {
  Cluster cluster({.servers_per_group = 2});
  survive(
      cluster, {"a1", "b2", "b1", "a2"}, [&](const auto& server) { cluster.kill(server); },
      [&](const auto& server) { cluster.restart(server); });
}

TEST_CASE("data servers freeze one after the other, and no client sees an error") {
  Cluster cluster({.servers_per_group = 1});
  survive(
      cluster, {"a1", "b1"}, [&](const auto& server) { cluster.freeze(server); },
      [&](const auto& server) { cluster.thaw(server); });
}

TEST_CASE("what is counted while data servers die and freeze is counted exactly once") {
  Cluster cluster({.servers_per_group = 1});
  Counters counters(cluster.port("router-1"));
  const auto counts_on = [&] {
    return eventually([&, from = counters.counted()] { return counters.counted() > from + 100; });
  };
  for (const std::string server : {"a1", "b1", "a1", "b1"}) {
    INFO("the server " << server);
    cluster.kill(server);
    REQUIRE(becomes_degraded(cluster, server));
    REQUIRE(counts_on());
    cluster.restart(server);
    REQUIRE(becomes_whole(cluster));
    REQUIRE(counts_on());
  }
  cluster.freeze("a1");
  REQUIRE(becomes_degraded(cluster, "a1"));
  REQUIRE(counts_on());
  cluster.thaw("a1");
  REQUIRE(becomes_whole(cluster));
  counters.finish();
  CHECK_THAT(counters.wrong(), Catch::Equals(""));
}

TEST_CASE("a standby keeps the update log of a failed server until that has it") {
  Cluster cluster({.standbys = 1});
  AcknowledgedWrites writes(cluster.port("router-1"));
  cluster.kill("b1");
  REQUIRE(becomes_degraded(cluster, "b1"));
  REQUIRE(writes.await_progress());
  CHECK_THAT(status_of(cluster), Catch::Contains("s1 keeps its update log"));
  cluster.restart("b1");
  REQUIRE(becomes_whole(cluster));
  writes.finish();
  CHECK_THAT(writes.failures(), Catch::Equals(""));

  // What b1 has missed it has now: it answers alone.
  cluster.kill("a1");
  REQUIRE(becomes_degraded(cluster, "a1"));
  RedisClient client = cluster.client();
  CHECK(writes.broken(client).empty());
}

TEST_CASE("a standby takes the place of a server that is gone for good") {
  Cluster cluster({.standbys = 1});
  AcknowledgedWrites writes(cluster.port("router-1"));
  REQUIRE(writes.await_progress());
  cluster.kill("a1");
  REQUIRE(becomes_degraded(cluster, "a1"));
  RedisClient client = cluster.client();
  CHECK(client.command({"DORIS.NODE", "REPLACE", "a1", "s1"}).ok());
  REQUIRE(becomes_whole(cluster));
  writes.finish();
  CHECK_THAT(writes.failures(), Catch::Equals(""));
  cluster.kill("b1");
  REQUIRE(becomes_degraded(cluster, "b1"));
  CHECK(writes.broken(client).empty());
}

TEST_CASE("an operator takes a server out and lets it back in") {
  Cluster cluster;
  RedisClient client = cluster.client();
  CHECK(client.command({"DORIS.NODE", "FAIL", "b1"}).ok());
  CHECK(copies(cluster) == "1 copy of 10000 vnodes, without b1");
  CHECK(client.command({"SET", "k", "v"}).ok());
  CHECK(client.command({"DORIS.NODE", "FAIL", "a1"}).kind == Reply::kError);
  CHECK(client.command({"DORIS.NODE", "RECOVER", "b1"}).ok());
  CHECK(becomes_whole(cluster));
  CHECK(client.command({"DORIS.NODE"}).kind == Reply::kError);
  CHECK(client.command({"GET", "k"}) == Reply::bulk("v"));
}

TEST_CASE("without the admin reads and writes go on") {
  Cluster cluster;
  AcknowledgedWrites writes(cluster.port("router-1"));
  cluster.kill("admin-1");
  for (int i = 0; i < 3; ++i)
    REQUIRE(writes.await_progress());
  cluster.restart("admin-1");
  REQUIRE(writes.await_progress());
  writes.finish();
  CHECK_THAT(writes.failures(), Catch::Equals(""));
}

}  // namespace
}  // namespace doris::integration

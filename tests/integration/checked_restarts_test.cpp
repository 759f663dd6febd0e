// Several programs that are killed at once, and routers that die in the middle of writes, under a
// load whose history is judged.
#include <catch2/catch.hpp>

#include "tests/integration/checked_load.h"
#include "tests/integration/cluster.h"
#include "tests/integration/cluster_state.h"

namespace doris::integration {
namespace {

void judge(Cluster& cluster, CheckedLoad& load) {
  REQUIRE(becomes_whole(cluster));
  REQUIRE(load.await_progress());
  load.finish();
  CHECK_THAT(load.violations(), Catch::Equals(""));
  CHECK_THAT(disagreement(cluster, load.keys()), Catch::Equals(""));
}

TEST_CASE("both servers of every key are killed together, and start in either order") {
  const std::string fsync = GENERATE("always", "everysec");
  Cluster cluster({.conf = {"appendfsync=" + fsync}});
  CheckedLoad load(cluster.routers());
  for (const std::string first : {"a1", "b1", "b1", "a1"}) {
    REQUIRE(load.await_progress());
    cluster.kill_together({"a1", "b1"});
    cluster.restart(first);
    cluster.restart(first == "a1" ? "b1" : "a1");
    REQUIRE(becomes_whole(cluster));
  }
  judge(cluster, load);
}

// Of what was under way, and that nobody was told of, one copy may have taken one write and the
// other copy another, each evaluated without the other: clients may see one of them only.
TEST_CASE("all processes are killed at once, and what clients were told can be") {
  const std::string fsync = GENERATE("always", "everysec");
  Cluster cluster({.servers_per_group = 2, .standbys = 1, .conf = {"appendfsync=" + fsync}});
  CheckedLoad load(cluster.routers());
  for (int round = 0; round < 2; ++round) {
    REQUIRE(load.await_progress());
    cluster.kill_together(cluster.names());
    cluster.start();
  }
  judge(cluster, load);
}

TEST_CASE("routers die in the middle of writes, and both copies agree again") {
  Cluster cluster({.servers_per_group = 2, .routers = 3});
  CheckedLoad load(cluster.routers());
  for (int round = 0; round < 8; ++round) {
    const std::string router = "router-" + std::to_string(1 + round % 3);
    REQUIRE(load.await_progress());
    cluster.kill_together({router});
    REQUIRE(load.await_progress());
    cluster.restart(router);
  }
  judge(cluster, load);
  CHECK_THAT(load.refusals(), Catch::Equals(""));
  CHECK(load.broken() > 0);
}

// A short one, for the sanitizers of threads.
TEST_CASE("a data server and a router are killed under a judged load", "[threads]") {
  Cluster cluster({.routers = 2});
  CheckedLoad load(cluster.routers(), 4);
  REQUIRE(load.await_progress());
  cluster.kill_together({"a1"});
  REQUIRE(becomes_degraded(cluster, "a1"));
  cluster.restart("a1");
  REQUIRE(becomes_whole(cluster));
  cluster.kill_together({"router-2"});
  REQUIRE(load.await_progress());
  cluster.restart("router-2");
  judge(cluster, load);
}

}  // namespace
}  // namespace doris::integration

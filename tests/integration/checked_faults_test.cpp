// Programs that are killed and frozen one after the other, under a load whose history is judged.
#include <catch2/catch.hpp>

#include "tests/integration/checked_load.h"
#include "tests/integration/cluster.h"
#include "tests/integration/cluster_state.h"
#include "tests/integration/hung_thread.h"

namespace doris::integration {
namespace {

bool is_server(const std::string& name) {
  return name.starts_with("a") ? name != "admin-1" : name.starts_with("b");
}

// Kills or freezes `name`, waits until that has been noticed where somebody watches, and brings
// it back.
template <class Fault, class Mend>
void strike(Cluster& cluster, const CheckedLoad& load, const std::string& name, Fault fault,
            Mend mend) {
  INFO("the program " << name);
  fault(name);
  if (is_server(name)) REQUIRE(becomes_degraded(cluster, name));
  if (!name.starts_with("router")) REQUIRE(load.await_progress());
  mend(name);
  REQUIRE(load.await_progress());
  REQUIRE(becomes_whole(cluster));
}

void judge(Cluster& cluster, CheckedLoad& load) {
  load.finish();
  CHECK_THAT(load.violations(), Catch::Equals(""));
  CHECK_THAT(load.refusals(), Catch::Equals(""));
  CHECK_THAT(disagreement(cluster, load.keys()), Catch::Equals(""));
}

TEST_CASE("a load notices what cannot be: a value that it never wrote, a key that is gone") {
  Cluster cluster;
  CheckedLoad load(cluster.routers());
  for (int i = 0; i < 4; ++i)
    REQUIRE(load.await_progress());
  RedisClient stranger = cluster.client();
  // The load only reads these any more.
  SECTION("a value") {
    REQUIRE(stranger.command({"SET", "hot:0:0", "mine"}).ok());
  }
  SECTION("a key") {
    std::vector<std::string> remove = {"DEL"};
    for (const std::string generation : {"0", "1", "2"}) {
      for (const std::string number : {"0", "1", "2", "3"})
        remove.push_back("hot:" + generation + ":" + number);
    }
    REQUIRE(stranger.command(remove).number > 0);
  }
  load.finish();
  CHECK_THAT(load.violations(), Catch::Contains("cannot be"));
}

TEST_CASE("every program is killed in turn, and what clients were told can be") {
  Cluster cluster({.servers_per_group = 2, .standbys = 1, .routers = 2});
  CheckedLoad load(cluster.routers());
  for (int round = 0; round < 2; ++round) {
    for (const std::string name : {"a1", "router-1", "b2", "admin-1", "s1", "b1", "a2"}) {
      strike(
          cluster, load, name, [&](const auto& victim) { cluster.kill(victim); },
          [&](const auto& victim) { cluster.restart(victim); });
    }
  }
  judge(cluster, load);
}

TEST_CASE("every program freezes in turn, and what clients were told can be") {
  Cluster cluster({.servers_per_group = 2, .standbys = 1, .routers = 2});
  CheckedLoad load(cluster.routers());
  for (const std::string name : {"b1", "router-2", "a2", "admin-1", "s1", "a1"}) {
    strike(
        cluster, load, name, [&](const auto& victim) { cluster.freeze(victim); },
        [&](const auto& victim) { cluster.thaw(victim); });
  }
  judge(cluster, load);
}

TEST_CASE("a thread of a data server hangs, which is failed over, and what was told can be") {
  Cluster cluster({.servers_per_group = 2});
  CheckedLoad load(cluster.routers());
  for (const std::string name : {"a1", "b2"}) {
    {
      const HungThread shard(cluster.pid(name), "shard-0");
      REQUIRE(shard.hung());
      REQUIRE(becomes_degraded(cluster, name));
      REQUIRE(load.await_progress());
    }
    REQUIRE(becomes_whole(cluster));
  }
  judge(cluster, load);
}

TEST_CASE("a standby that keeps an update log is killed or freezes, and nothing is lost") {
  Cluster cluster({.standbys = 1});
  CheckedLoad load(cluster.routers());
  const bool kill = GENERATE(true, false);
  cluster.kill("b1");
  REQUIRE(becomes_degraded(cluster, "b1"));
  CHECK_THAT(status_of(cluster), Catch::Contains("s1 keeps its update log"));
  REQUIRE(load.await_progress());
  kill ? cluster.kill("s1") : cluster.freeze("s1");
  REQUIRE(load.await_progress());
  kill ? cluster.restart("s1") : cluster.thaw("s1");
  cluster.restart("b1");
  REQUIRE(becomes_whole(cluster));
  REQUIRE(load.await_progress());
  judge(cluster, load);
}

}  // namespace
}  // namespace doris::integration

// What an operator sees, with redis-cli as the only tool.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/integration/cluster.h"

namespace doris::integration {
namespace {

using Catch::Contains;

// What redis-cli prints when it asks `name`.
std::string ask(const Cluster& cluster, const std::string& name, std::vector<std::string> words) {
  std::vector<std::string> argv = {"redis-cli", "-h", "127.0.0.1", "-p",
                                   std::to_string(cluster.port(name))};
  argv.insert(argv.end(), words.begin(), words.end());
  const Outcome outcome = run(argv);
  INFO(outcome.output);
  REQUIRE(outcome.status == 0);
  return outcome.output;
}

TEST_CASE("DORIS.ROUTE 101:a names vnode 7839, on any router and on the admin") {
  const Cluster cluster({.routers = 2});
  for (const char* name : {"router-1", "router-2", "admin-1"}) {
    INFO(name);
    const std::string route = ask(cluster, name, {"DORIS.ROUTE", "101:a"});
    CHECK_THAT(route, Contains("vnode") && Contains("7839"));
    CHECK_THAT(route, Contains("a1") && Contains("b1"));
    CHECK_THAT(ask(cluster, name, {"-3", "DORIS.ROUTE", "101:foo"}), Contains("1947"));
  }
  // Of a key in a namespace, too.
  CHECK_THAT(ask(cluster, "router-1", {"-n", "101", "DORIS.ROUTE", "a"}), Contains("vnode"));
}

TEST_CASE("every operator command answers on the router and on the admin, in both protocols") {
  const Cluster cluster;
  for (const char* name : {"router-1", "admin-1"}) {
    for (const char* word :
         {"DORIS.HELP", "DORIS.STATUS", "DORIS.NODES", "DORIS.TOPOLOGY", "DORIS.HISTORY"}) {
      INFO(name << " " << word);
      const std::string resp2 = ask(cluster, name, {word});
      const std::string resp3 = ask(cluster, name, {"-3", word});
      CHECK(resp2.size() > 20);
      CHECK(resp3.size() > 20);
      CHECK_THAT(resp2, !Contains("ERR"));
      CHECK_THAT(resp3, !Contains("ERR"));
    }
  }
  CHECK_THAT(ask(cluster, "router-1", {"DORIS.HELP"}), Contains("DORIS.ROUTE"));
  CHECK_THAT(ask(cluster, "router-1", {"DORIS.NODES"}), Contains("a1") && Contains("b1"));
  CHECK_THAT(ask(cluster, "router-1", {"DORIS.NOPE"}), Contains("ERR"));
}

TEST_CASE("a data server that is down is shown as down, and as up when it is back") {
  Cluster cluster;
  REQUIRE_THAT(ask(cluster, "router-1", {"DORIS.NODES"}), !Contains("down"));

  cluster.kill("b1");
  CHECK(eventually(
      [&] { return Contains("down").match(ask(cluster, "router-1", {"DORIS.NODES"})); }));
  cluster.restart("b1");
  CHECK(eventually(
      [&] { return !Contains("down").match(ask(cluster, "router-1", {"DORIS.NODES"})); }));
}

TEST_CASE("redis-cli talks to each of the three programs") {
  const Cluster cluster;
  CHECK(ask(cluster, "router-1", {"set", "k", "v"}) == "OK\n");
  CHECK(ask(cluster, "router-1", {"get", "k"}) == "v\n");
  CHECK(ask(cluster, "router-1", {"del", "k"}) == "1\n");
  for (const std::string& name : cluster.names()) {
    INFO(name);
    CHECK(ask(cluster, name, {"ping"}) == "PONG\n");
    CHECK_THAT(ask(cluster, name, {"info"}), Contains("redis_version:") && Contains("# "));
    CHECK_THAT(ask(cluster, name, {"nonsense"}), Contains("ERR unknown command"));
  }
}

TEST_CASE("a terminal that goes takes no program with it") {
  const Cluster cluster;
  for (const std::string& name : cluster.names())
    REQUIRE(::kill(cluster.pid(name), SIGHUP) == 0);
  // The signal is a matter of the kernel: whoever answers now has survived it.
  for (const std::string& name : cluster.names()) {
    INFO(name);
    CHECK(ask(cluster, name, {"ping"}) == "PONG\n");
  }
  CHECK_THAT(cluster.status(), !Contains("stopped"));
}

}  // namespace
}  // namespace doris::integration

// Nothing that was acknowledged is lost: not by a stop, not by kill -9 of any program.
#include <catch2/catch.hpp>

#include "tests/integration/acknowledged_writes.h"
#include "tests/integration/cluster.h"

namespace doris::integration {
namespace {

TEST_CASE("data outlives a stop and a start of the whole cluster") {
  Cluster cluster({.servers_per_group = 2});
  {
    RedisClient client = cluster.client();
    for (int i = 0; i < 1000; ++i) {
      client.append({"SET", "k" + std::to_string(i), "v" + std::to_string(i)});
    }
    for (int i = 0; i < 1000; ++i)
      REQUIRE(client.read().ok());
    REQUIRE(client.command({"DEL", "k0"}) == Reply::integer(1));
  }

  cluster.stop();
  cluster.start();

  RedisClient client = cluster.client();
  CHECK(client.command({"DBSIZE"}) == Reply::integer(999));
  CHECK(client.command({"GET", "k0"}) == Reply::nil());
  for (int i = 1; i < 1000; ++i) {
    REQUIRE(client.command({"GET", "k" + std::to_string(i)}) ==
            Reply::bulk("v" + std::to_string(i)));
  }
}

TEST_CASE("a lost write and a deleted key that came back would be noticed") {
  Cluster cluster;
  AcknowledgedWrites writes(cluster.port("router-1"));
  REQUIRE(writes.await_progress());
  writes.finish();
  RedisClient client = cluster.client();
  REQUIRE(writes.broken(client) == "");

  REQUIRE(!writes.settled_keys().empty());
  const std::string key = writes.settled_keys()[0];
  const Reply held = client.command({"GET", key});
  REQUIRE(client.command({"SET", key, "something else"}).ok());
  CHECK_THAT(writes.broken(client), Catch::Contains(key + " holds something else"));
  REQUIRE(client.command({"DEL", key}).kind == Reply::kInteger);
  if (held.kind == Reply::kBulk) CHECK_THAT(writes.broken(client), Catch::Contains(key));
}

TEST_CASE("kill -9 of each program in turn, under writers, loses nothing acknowledged",
          "[threads]") {
  const std::string fsync = GENERATE("always", "everysec");
  Cluster cluster({.conf = {"appendfsync=" + fsync, "request-timeout=2s"}});
  AcknowledgedWrites writes(cluster.port("router-1"));
  REQUIRE(writes.await_progress());

  for (const std::string& name : cluster.names()) {
    INFO("appendfsync " << fsync << ", kill -9 of " << name);
    cluster.kill(name);
    cluster.restart(name);
    REQUIRE(writes.await_progress());
  }
  writes.finish();

  RedisClient client = cluster.client();
  CHECK(writes.broken(client) == "");
  CHECK(writes.settled_keys().size() > 0);
  for (const std::string& key : writes.settled_keys()) {
    const std::string held = cluster.client("a1").command({"DORIS.RECORD", key}).line("version");
    CHECK(held.size() > 1);
    CHECK(held == cluster.client("b1").command({"DORIS.RECORD", key}).line("version"));
  }
}

TEST_CASE("kill -9 of all programs at once loses nothing acknowledged", "[threads]") {
  const std::string fsync = GENERATE("always", "everysec");
  Cluster cluster({.conf = {"appendfsync=" + fsync}});
  AcknowledgedWrites writes(cluster.port("router-1"));
  REQUIRE(writes.await_progress());

  for (const std::string& name : cluster.names())
    cluster.kill(name);
  cluster.start();
  REQUIRE(writes.await_progress());
  writes.finish();

  RedisClient client = cluster.client();
  CHECK(writes.broken(client) == "");
}

TEST_CASE("reads and writes go on while the admin is away") {
  Cluster cluster;
  RedisClient client = cluster.client();
  cluster.kill("admin-1");

  for (int i = 0; i < 200; ++i) {
    REQUIRE(client.command({"SET", "k" + std::to_string(i), "v"}).ok());
    REQUIRE(client.command({"GET", "k" + std::to_string(i)}) == Reply::bulk("v"));
  }
  CHECK(client.command({"DORIS.STATUS"}).kind == Reply::kError);

  cluster.restart("admin-1");
  CHECK(eventually([&] { return client.command({"DORIS.STATUS"}).kind != Reply::kError; }));
}

TEST_CASE("a write that a frozen data server holds up is done once the server thaws") {
  Cluster cluster({.conf = {"request-timeout=30s", "heartbeat-timeout=30s"}});
  RedisClient client = cluster.client();
  REQUIRE(client.command({"SET", "k", "before"}).ok());

  cluster.freeze("b1");
  client.append({"SET", "k", "after"});
  std::thread thaw([&] {
    std::this_thread::sleep_for(Millis{300});
    run({"kill", "-CONT", std::to_string(cluster.pid("b1"))});
  });
  const Reply reply = client.read();
  thaw.join();

  CHECK(reply.ok());
  CHECK(client.command({"GET", "k"}) == Reply::bulk("after"));
}

}  // namespace
}  // namespace doris::integration

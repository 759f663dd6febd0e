// DORIS.LASTWRITE, of real servers: it names those that have the write.
#include <catch2/catch.hpp>

#include "tests/integration/cluster.h"

namespace doris::integration {
namespace {

// The version in which the data server `name` holds the key.
std::string version_at(const Cluster& cluster, const std::string& name, const std::string& key) {
  return cluster.client(name).command({"DORIS.RECORD", key}).line("version");
}

// Writes until the last write says `outcome`; what DORIS.LASTWRITE says then.
Reply write_until(RedisClient& client, const std::string& outcome) {
  Reply last;
  const bool came = eventually([&] {
    REQUIRE(client.command({"SET", "k", "v"}).ok());
    last = client.command({"DORIS.LASTWRITE"});
    return last.line("outcome") == outcome;
  });
  INFO("the last write: " << last);
  REQUIRE(came);
  return last;
}

TEST_CASE("DORIS.LASTWRITE names both copies, and while one is lost the update log") {
  Cluster cluster;
  RedisClient client = cluster.client();
  CHECK(client.command({"DORIS.LASTWRITE"}).line("outcome") == "no write on this connection yet");

  const Reply whole = write_until(client, "both copies");
  const std::string primary = whole.line("primary");
  CHECK((primary == "a1" || primary == "b1"));
  CHECK(whole.line("second") == (primary == "a1" ? "replica at b1" : "replica at a1"));
  for (const char* server : {"a1", "b1"})
    CHECK(whole.line("version") == version_at(cluster, server, "k"));

  cluster.kill("b1");
  const Reply logged = write_until(client, "one copy and an update log");
  CHECK(logged.line("primary") == "a1");
  CHECK(logged.line("second") == "update log kept by a1 for b1");
  CHECK(logged.line("version") == version_at(cluster, "a1", "k"));

  cluster.restart("b1");
  write_until(client, "both copies");
}

}  // namespace
}  // namespace doris::integration

// A data server that comes back, and those who ask it as if nothing had happened.
#include <catch2/catch.hpp>

#include "tests/integration/checked_load.h"
#include "tests/integration/cluster.h"
#include "tests/integration/cluster_state.h"

namespace doris::integration {
namespace {

// Somebody who asks a data server directly, as a router does, in an epoch that he chooses.
class OddRouter {
 public:
  OddRouter(Cluster& cluster, std::string server) : cluster_(cluster), server_(std::move(server)) {
    const Reply status = cluster.client().command({"DORIS.STATUS"});
    name_ = status.line("cluster");
    epoch_ = status.line("epoch");
  }

  [[nodiscard]] const std::string& epoch() const { return epoch_; }

  // What it is answered to DORIS.LINK in `epoch`, or else to a read of `key`.
  Reply read(const std::string& key, const std::string& epoch) {
    const std::string vnode = cluster_.client().command({"DORIS.ROUTE", key}).line("vnode");
    Endpoint shard = cluster_.endpoint(server_);
    ++shard.port;
    RedisClient client(shard);
    const Reply linked = client.command({"DORIS.LINK", name_, epoch, "2147483647"});
    if (linked.kind != Reply::kArray) return linked;
    const Reply found = client.command({"VGET", vnode, key});
    return found.kind == Reply::kArray ? found.items.at(0) : found;  // Not settled yet.
  }

 private:
  Cluster& cluster_;
  const std::string server_;
  std::string name_;
  std::string epoch_;
};

TEST_CASE("a data server that is back serves nobody who asks in an old epoch, and nothing stale") {
  const bool freeze = GENERATE(true, false);
  Cluster cluster;
  RedisClient client = cluster.client();
  for (int i = 0; i < 20; ++i)
    REQUIRE(client.command({"SET", "k" + std::to_string(i), "old"}).ok());
  OddRouter before(cluster, "a1");
  REQUIRE(before.read("k0", before.epoch()) == Reply::bulk("old"));

  freeze ? cluster.freeze("a1") : cluster.kill("a1");
  REQUIRE(becomes_degraded(cluster, "a1"));
  for (int i = 0; i < 20; ++i)
    REQUIRE(client.command({"SET", "k" + std::to_string(i), "new"}).ok());
  freeze ? cluster.thaw("a1") : cluster.restart("a1");

  // As soon as it has heard of what has happened, and that is before anybody counts on it.
  Reply refusal;
  CHECK(eventually([&] {
    refusal = before.read("k0", before.epoch());
    return refusal.kind == Reply::kError;
  }));
  CHECK_THAT(refusal.text, Catch::StartsWith("STALEEPOCH") || Catch::StartsWith("NOTREADY"));
  bool whole = false;
  while (!whole) {
    whole = copies(cluster) == "2 copies of all 10000 vnodes";
    const std::string now = OddRouter(cluster, "a1").epoch();
    for (int i = 0; i < 20; ++i) {
      const std::string key = "k" + std::to_string(i);
      CHECK(client.command({"GET", key}) == Reply::bulk("new"));
      CHECK(before.read(key, before.epoch()).kind == Reply::kError);
      CHECK(before.read(key, now) != Reply::bulk("old"));
    }
  }
}

}  // namespace
}  // namespace doris::integration

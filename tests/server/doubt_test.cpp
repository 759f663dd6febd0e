// All have died at once, and the first to come back serves: what it took last, the others may lack.
#include "server/big_endian.h"
#include "tests/server/shard_cluster.h"

namespace doris::server::test {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;  // When the shards start.

uint64_t ago(int64_t ms) {
  return static_cast<uint64_t>(kNow - ms) << 16;
}

// A key of which a1 has the primary replica, and a router that asks it.
struct Scene {
  Scene() {
    while (cluster.topology_.primary[ShardCluster::ref(key).vnode] != topology::Group::kA)
      key += "k";
    cluster.topology_.nodes[1].state = NodeState::kRecovering;
    cluster.topology_.nodes[1].since = 5;
  }

  std::string ask(const std::vector<std::string>& words) {
    if (router == nullptr) {
      const auto connecting = cluster.loop_.connect(
          {"127.0.0.1", 7001}, Millis{1000},
          [&](auto stream) { router = std::make_unique<Router>(std::move(*stream)); });
      cluster.loop_.settle();
      router->shows_unsettled = true;
      (void)ask({"DORIS.LINK", cluster.topology_.cluster, "5", "257"});
    }
    router->send(words);
    cluster.loop_.settle();
    const Replies replies = router->replies();
    REQUIRE(replies.size() == 1);
    return replies[0];
  }
  std::string vnode() const { return std::to_string(ShardCluster::ref(key).vnode); }
  resp::Version held() {
    return (**cluster.a1().store->read(ShardCluster::ref(key))).header.version;
  }

  ShardCluster cluster;
  std::string key = "k";
  std::unique_ptr<Router> router;
};

TEST_CASE(
    "what was written just before a restart is brought to the other copy before it is shown") {
  Scene scene;
  ShardCluster::put(scene.cluster.a1(), scene.key, ago(500), "v");
  scene.cluster.tell(0);
  CHECK(scene.ask({"VGET", scene.vnode(), scene.key}) == "v (unsettled)");
  CHECK(scene.held().epoch == 5);  // What else was under way loses against it.
  scene.cluster.tell(1);
  scene.cluster.loop_.advance(Millis{3000});
  CHECK(scene.ask({"VGET", scene.vnode(), scene.key}) == "v");
  CHECK(ShardCluster::get(scene.cluster.b1(), scene.key) == "v");
}

TEST_CASE("so is what an update has found and left as it is, and what only was asked for") {
  Scene scene;
  const bool asks = GENERATE(true, false);
  ShardCluster::put(scene.cluster.a1(), scene.key, ago(500), "v");
  scene.cluster.tell(0);
  if (asks) {
    CHECK(scene.ask({"VHAS", scene.vnode(), scene.key}) == ":1 (unsettled)");
  } else {
    std::string version(resp::Version::kBytes, '\0');
    resp::Version{5, ago(0), 257}.encode(version.data());
    std::string operation;
    append_big_endian(resp::write_id(scene.key, resp::Version{5, ago(0), 257}), operation);
    CHECK(scene.ask({"VRMW", scene.vnode(), scene.key, version, operation, "SETNX", "w"}) ==
          "nil (unsettled)");
  }
  CHECK(scene.held().epoch == 5);
}

// A router may just have stamped the version next to that of the shard's clock.
TEST_CASE("the version that such a record gets is no router's proposal") {
  Scene scene;
  ShardCluster::put(scene.cluster.a1(), scene.key, ago(500), "v");
  scene.cluster.tell(0);
  CHECK(scene.ask({"VGET", scene.vnode(), scene.key}) == "v (unsettled)");
  resp::Version proposal = scene.held();
  proposal.writer = 257;
  std::string version(resp::Version::kBytes, '\0');
  proposal.encode(version.data());
  std::string operation;
  append_big_endian(resp::write_id(scene.key, proposal), operation);
  CHECK_THAT(scene.ask({"VRMW", scene.vnode(), scene.key, version, operation, "APPEND", "w"}),
             Catch::StartsWith("[:2 "));
}

TEST_CASE("what is older, and what came since, is shown at once") {
  Scene scene;
  ShardCluster::put(scene.cluster.a1(), scene.key, ago(3'600'000), "v");
  scene.cluster.tell(0);
  CHECK(scene.ask({"VGET", scene.vnode(), scene.key}) == "v");
  ShardCluster::put(scene.cluster.a1(), scene.key, ago(-10), "w");
  CHECK(scene.ask({"VGET", scene.vnode(), scene.key}) == "w");
}

}  // namespace
}  // namespace doris::server::test

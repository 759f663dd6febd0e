// A shard of a recovering node, and what it brings from its peer's shard and its stand-in's.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>

#include "server/recovery.h"
#include "tests/server/shard_cluster.h"

namespace doris::server::test {
namespace {

using Cluster = ShardCluster;

TEST_CASE("a shard that has everything is complete at once") {
  Cluster cluster;
  Cluster::put(cluster.a1(), "k", 1, "v");
  Cluster::put(cluster.b1(), "k", 1, "v");
  cluster.recover();
  CHECK_FALSE(cluster.complete());
  cluster.run();
  CHECK(cluster.complete());
  CHECK(cluster.a1().shard->counters().vnodes_left.get() == 0);
}

TEST_CASE("an empty shard gets every record, tombstones too") {
  Cluster cluster;
  for (int i = 0; i < 5000; ++i)
    Cluster::put(cluster.b1(), fmt::format("key{}", i), 1, i % 3 == 0 ? "" : fmt::format("v{}", i));
  cluster.recover();
  cluster.run();
  CHECK(cluster.complete());
  CHECK(cluster.alike());
  CHECK(Cluster::get(cluster.a1(), "key4") == "v4");
  CHECK(Cluster::get(cluster.a1(), "key3") == "(deleted)");
}

TEST_CASE("each side gets what is newer at the other, and nothing older comes back") {
  Cluster cluster;
  Cluster::put(cluster.a1(), "old here", 1, "1");
  Cluster::put(cluster.b1(), "old here", 2, "2");
  Cluster::put(cluster.a1(), "old there", 2, "2");
  Cluster::put(cluster.b1(), "old there", 1, "1");
  Cluster::put(cluster.a1(), "only here", 1, "x");
  Cluster::put(cluster.b1(), "only there", 1, "y");
  Cluster::put(cluster.a1(), "deleted there", 1, "z");
  Cluster::put(cluster.b1(), "deleted there", 2, "");
  cluster.recover();
  cluster.run();
  CHECK(cluster.complete());
  CHECK(cluster.alike());
  CHECK(Cluster::get(cluster.a1(), "old here") == "2");
  CHECK(Cluster::get(cluster.b1(), "old there") == "2");
  CHECK(Cluster::get(cluster.b1(), "only here") == "x");
  CHECK(Cluster::get(cluster.a1(), "only there") == "y");
  CHECK(Cluster::get(cluster.a1(), "deleted there") == "(deleted)");
}

TEST_CASE("what nobody was told to be written is not spread while its router may propose it anew") {
  Cluster cluster;
  Cluster::put(cluster.a1(), "never acknowledged", 2, "x");
  cluster.recover();
  cluster.loop_.advance(Millis{4000});
  CHECK_FALSE(cluster.complete());
  CHECK(Cluster::get(cluster.b1(), "never acknowledged") == "(none)");
  SECTION("it is spread when no router can") {
    cluster.loop_.advance(Millis{2000});
    CHECK(cluster.complete());
    CHECK(Cluster::get(cluster.b1(), "never acknowledged") == "x");
  }
  SECTION("or it is outdated before that") {
    Cluster::put(cluster.b1(), "never acknowledged", 3, "y");
    cluster.loop_.advance(Millis{500});
    CHECK(cluster.complete());
    CHECK(Cluster::get(cluster.a1(), "never acknowledged") == "y");
  }
}

// Every three seconds another server has failed, or is back.
TEST_CASE("a recovery ends though the epochs change all the time") {
  Cluster cluster;
  Cluster::put(cluster.a1(), "never acknowledged", 2, "x");
  cluster.recover();
  cluster.loop_.advance(Millis{3000});
  cluster.recover();
  CHECK(Cluster::get(cluster.b1(), "never acknowledged") == "(none)");
  cluster.loop_.advance(Millis{2500});
  CHECK(cluster.complete());
  CHECK(Cluster::get(cluster.b1(), "never acknowledged") == "x");
}

TEST_CASE("what came here alone in a later epoch is not spread sooner for an earlier one") {
  Cluster cluster;
  cluster.recover();
  cluster.loop_.advance(Millis{10'000});
  RecordHeader header;
  header.version = {6, 2, 257};
  REQUIRE(cluster.a1().store->apply(Cluster::ref("k"), header, "x").ok());
  REQUIRE(cluster.a1().store->commit().ok());
  cluster.recover();
  cluster.loop_.advance(Millis{4000});
  CHECK(Cluster::get(cluster.b1(), "k") == "(none)");
  cluster.loop_.advance(Millis{2000});
  CHECK(Cluster::get(cluster.b1(), "k") == "x");
}

TEST_CASE("what was under way when a node failed does not wait for ever to be settled") {
  Cluster cluster;
  const resp::Version version{4, 2, 257};
  Cluster::put(cluster.a1(), "k", 2, "v");
  Cluster::put(cluster.b1(), "k", 2, "v");
  UnsettledWrites& unsettled = cluster.a1().shard->unsettled();
  unsettled.add(257, Cluster::ref("k"), version, {false, version});
  unsettled.keep_batch();
  CHECK_FALSE(unsettled.is_settled("k", version));
  cluster.recover();
  cluster.run();
  CHECK(cluster.complete());
  CHECK(unsettled.is_settled("k", version));
}

// What was acknowledged before it is neither here nor, any more, there.
TEST_CASE("a node is not complete without what is not settled at its peer") {
  Cluster cluster;
  Cluster::put(cluster.a1(), "k", 1, "old");
  Cluster::put(cluster.b1(), "k", 3, "new");
  UnsettledWrites& unsettled = cluster.b1().shard->unsettled();
  cluster.tell_all();
  cluster.recover();
  const resp::Version of_now{6, 3, 257};
  RecordHeader header;
  header.version = of_now;
  REQUIRE(cluster.b1().store->apply(Cluster::ref("k"), header, "newer").ok());
  REQUIRE(cluster.b1().store->commit().ok());
  unsettled.add(257, Cluster::ref("k"), of_now, {false, of_now});
  unsettled.keep_batch();
  cluster.loop_.advance(Millis{1500});
  CHECK_FALSE(cluster.complete());
  CHECK(Cluster::get(cluster.a1(), "k") == "old");
  SECTION("it is settled there") {
    unsettled.settle(resp::write_id("k", of_now));
  }
  SECTION("it comes by itself") {
    REQUIRE(cluster.a1().store->apply(Cluster::ref("k"), header, "newer").ok());
    REQUIRE(cluster.a1().store->commit().ok());
  }
  cluster.loop_.advance(Millis{1000});
  CHECK(cluster.complete());
  CHECK(Cluster::get(cluster.a1(), "k") == "newer");
}

// There is always a newer one on its way: the first that was seen has come is enough.
TEST_CASE("a node is soon complete whose keys are written all the time") {
  Cluster cluster;
  Cluster::put(cluster.a1(), "k", 1, "old");
  Cluster::put(cluster.b1(), "k", 2, "new");
  cluster.tell_all();
  cluster.recover();
  UnsettledWrites& unsettled = cluster.b1().shard->unsettled();
  RecordHeader header;
  for (uint64_t hlc = 3; hlc < 13; ++hlc) {
    header.version = {6, hlc, 257};
    REQUIRE(cluster.b1().store->apply(Cluster::ref("k"), header, "newer").ok());
    REQUIRE(cluster.b1().store->commit().ok());
    unsettled.add(257, Cluster::ref("k"), header.version, {false, header.version});
    unsettled.keep_batch();
    if (hlc == 3) {
      cluster.loop_.advance(Millis{300});
      CHECK_FALSE(cluster.complete());  // The first has not.
    } else {
      header.version.hlc = hlc - 1;
      REQUIRE(cluster.a1().store->apply(Cluster::ref("k"), header, "newer").ok());
      REQUIRE(cluster.a1().store->commit().ok());
    }
    cluster.loop_.advance(Millis{50});
  }
  CHECK(cluster.complete());
}

// Between the list of keys and the record.
TEST_CASE("what was settled may be overtaken at any moment of a recovery") {
  const int passes = GENERATE(range(0, 40));
  Cluster cluster;
  Cluster::put(cluster.a1(), "k", 1, "old");
  Cluster::put(cluster.b1(), "k", 3, "new");
  cluster.tell_all();
  cluster.recover();
  for (int i = 0; i < passes; ++i)
    cluster.loop_.run_pass();
  RecordHeader header;
  header.version = {6, 4, 257};
  REQUIRE(cluster.b1().store->apply(Cluster::ref("k"), header, "newer").ok());
  REQUIRE(cluster.b1().store->commit().ok());
  UnsettledWrites& unsettled = cluster.b1().shard->unsettled();
  unsettled.add(257, Cluster::ref("k"), header.version, {false, header.version});
  unsettled.keep_batch();
  cluster.loop_.advance(Millis{1000});
  CHECK(cluster.complete() == (Cluster::get(cluster.a1(), "k") == "new"));
  unsettled.settle(resp::write_id("k", header.version));
  cluster.loop_.advance(Millis{1000});
  CHECK(cluster.complete());
}

TEST_CASE("random differences end in equal copies with the highest versions") {
  Random random(GENERATE(1, 2, 3));
  Cluster cluster;
  std::map<std::string, std::pair<uint64_t, std::string>> highest;
  for (int i = 0; i < 3000; ++i) {
    const std::string key = fmt::format("key{}", random.below(700));
    const uint64_t hlc = 1 + random.below(1000);
    const std::string value = random.below(4) == 0 ? "" : fmt::format("{}@{}", key, hlc);
    if (highest.contains(key) && highest[key].first == hlc) continue;
    Cluster::put(random.below(2) == 0 ? cluster.a1() : cluster.b1(), key, hlc, value);
    if (!highest.contains(key) || highest[key].first < hlc) highest[key] = {hlc, value};
  }
  cluster.recover();
  cluster.run();
  CHECK(cluster.complete());
  CHECK(cluster.alike());
  for (const auto& [key, version] : highest) {
    REQUIRE(Cluster::get(cluster.a1(), key) ==
            (version.second.empty() ? "(deleted)" : version.second));
  }
}

TEST_CASE("the update log is drained, and dropped where it was kept") {
  Cluster cluster;
  for (int i = 0; i < 2000; ++i) {
    Cluster::log(cluster.s1(), fmt::format("key{}", i), 2, fmt::format("v{}", i));
    Cluster::put(cluster.b1(), fmt::format("key{}", i), 2, fmt::format("v{}", i));
  }
  Cluster::log(cluster.s1(), "gone", 3, "");
  Cluster::put(cluster.b1(), "gone", 3, "");
  Cluster::put(cluster.a1(), "gone", 1, "v");
  cluster.recover();
  cluster.run();
  CHECK(cluster.complete());
  CHECK(cluster.alike());
  CHECK(Cluster::get(cluster.a1(), "gone") == "(deleted)");
  CHECK(cluster.s1().store->log_stats(1).entries == 0);
}

TEST_CASE("a stand-in that is gone does not keep a node from recovering") {
  Cluster cluster;
  Cluster::put(cluster.b1(), "k", 2, "v");
  cluster.s1().shard->stop();
  cluster.recover();
  cluster.loop_.advance(Millis{30'000});
  CHECK(cluster.complete());
  CHECK(Cluster::get(cluster.a1(), "k") == "v");
}

TEST_CASE("recovery waits for a peer that has not heard of the epoch, and then goes on") {
  Cluster cluster;
  Cluster::put(cluster.b1(), "k", 2, "v");
  ++cluster.topology_.epoch;
  cluster.topology_.nodes[0].state = NodeState::kRecovering;
  cluster.topology_.nodes[0].since = cluster.topology_.epoch;
  cluster.tell(0);
  cluster.loop_.advance(Millis{5000});
  CHECK_FALSE(cluster.complete());
  cluster.tell_all();
  cluster.loop_.advance(Millis{30'000});
  CHECK(cluster.complete());
  CHECK(Cluster::get(cluster.a1(), "k") == "v");
}

TEST_CASE("a node whose peer has newer data and is away is not complete") {
  Cluster cluster;
  cluster.topology_.nodes[0].since = 4;
  cluster.topology_.nodes[1].state = NodeState::kTempFailed;
  cluster.topology_.nodes[1].since = 5;
  cluster.recover();
  cluster.run();
  CHECK_FALSE(cluster.complete());
  CHECK(cluster.a1().shard->counters().vnodes_left.get() == Cluster::kVnodes);
}

// A router's connection to a1, as writer 257.
struct Writer {
  explicit Writer(Cluster& cluster) {
    const auto connecting = cluster.loop_.connect(
        {"127.0.0.1", 7001}, Millis{1000},
        [&](auto stream) { router = std::make_unique<Router>(std::move(*stream)); });
    cluster.loop_.settle();
    router->send(
        {"DORIS.LINK", cluster.topology_.cluster, std::to_string(cluster.topology_.epoch), "257"});
    cluster.loop_.settle();
    REQUIRE(router->replies().size() == 1);
  }

  // A write that the other copy does not get.
  void set(Cluster& cluster, const std::string& key) {
    std::string version(resp::Version::kBytes, '\0');
    resp::Version{5, 1, 257}.encode(version.data());
    router->send({"VSET", "P", std::to_string(Cluster::ref(key).vnode), key, version, "0", "v"});
    cluster.loop_.settle();
  }

  std::unique_ptr<Router> router;
};

// Of which a1 has the primary replica.
std::string key_of_a1(const Cluster& cluster) {
  std::string key = "k";
  while (cluster.topology_.primary[Cluster::ref(key).vnode] != topology::Group::kA)
    key += "k";
  return key;
}

TEST_CASE("a write whose router dies before the other copy has it is brought there") {
  Cluster cluster;
  cluster.tell_all();
  const std::string key = key_of_a1(cluster);
  Writer(cluster).set(cluster, key);
  CHECK(Cluster::get(cluster.b1(), key) == "(none)");
  CHECK(cluster.a1().shard->unsettled().size() == 1);
  cluster.loop_.advance(Millis{10'000});
  CHECK(Cluster::get(cluster.b1(), key) == "v");
  CHECK(cluster.alike());
  CHECK(cluster.a1().shard->unsettled().size() == 0);
}

// As when it has lost power: nobody says so.
TEST_CASE("a write whose router falls silent is brought to the other copy") {
  Cluster cluster;
  cluster.tell_all();
  const std::string key = key_of_a1(cluster);
  Writer writer(cluster);
  writer.set(cluster, key);
  SECTION("not while the router speaks") {
    for (int i = 0; i < 5; ++i) {
      cluster.loop_.advance(Millis{1000});
      writer.router->send({"PING"});
    }
    CHECK_FALSE(writer.router->ended());
    CHECK(Cluster::get(cluster.b1(), key) == "(none)");
  }
  cluster.loop_.advance(Millis{10'000});
  CHECK(writer.router->ended());
  CHECK(Cluster::get(cluster.b1(), key) == "v");
  CHECK(cluster.a1().shard->unsettled().size() == 0);
}

// Who has nothing to say is left alone.
TEST_CASE("a router without writes under way may be silent") {
  Cluster cluster;
  cluster.tell_all();
  const Writer writer(cluster);
  cluster.loop_.advance(Millis{60'000});
  CHECK_FALSE(writer.router->ended());
}

TEST_CASE("a full disk makes recovery wait, and it is complete when there is room") {
  Cluster cluster;
  Cluster::put(cluster.b1(), "k", 2, "v");
  cluster.a1().host.allows_writes = false;
  cluster.recover();
  cluster.run();
  CHECK_FALSE(cluster.complete());
  cluster.a1().host.allows_writes = true;
  cluster.run();
  CHECK(cluster.complete());
  CHECK(Cluster::get(cluster.a1(), "k") == "v");
}

// b1 is away, and a1 comes back without what it has acknowledged last; s1 keeps that for b1.
TEST_CASE("what a node has lost that recovers alone is in the logs kept for the others") {
  ShardCluster cluster;
  const bool has_been_up = GENERATE(false, true);
  if (has_been_up) cluster.tell_all();
  cluster.topology_.nodes[1].state = NodeState::kTempFailed;
  cluster.topology_.nodes[1].since = ++cluster.topology_.epoch;
  cluster.topology_.nodes[1].stand_in = 3;
  cluster.topology_.nodes[0].state = NodeState::kTempFailed;  // As it comes back.
  cluster.topology_.nodes[0].since = ++cluster.topology_.epoch;
  cluster.tell_all();
  ShardCluster::put(cluster.a1(), "older", 10, "old");
  ShardCluster::put(cluster.a1(), "newer", 30, "new");
  for (const std::string key : {"older", "newer", "absent"}) {
    Write write{};
    write.header.version = {4, 20, 257};
    write.value = "logged";
    REQUIRE(cluster.s1().store->log_write(2, ShardCluster::ref(key), write).ok());
    REQUIRE(cluster.s1().store->commit().ok());
  }
  cluster.recover();
  cluster.run();
  CHECK(cluster.complete());
  // A process that has served has it all, and does not know what it did any more.
  CHECK(ShardCluster::get(cluster.a1(), "older") == (has_been_up ? "old" : "logged"));
  CHECK(ShardCluster::get(cluster.a1(), "absent") == (has_been_up ? "(none)" : "logged"));
  CHECK(ShardCluster::get(cluster.a1(), "newer") == "new");
  CHECK(cluster.s1().store->log_stats(2).entries == 3);
}

// a1 has lost power, while b1 recovered and took live writes: nobody else has these.
class BothRecovering : public ShardCluster {
 public:
  explicit BothRecovering(bool has_been_up = false) {
    if (has_been_up) tell_all();
    topology_.nodes[1].state = NodeState::kRecovering;
    topology_.nodes[1].since = 3;
    topology_.nodes[0].since = 5;
  }
  static void put(Member& member, const std::string& key, const resp::Version& version,
                  const std::string& value) {
    RecordHeader header;
    header.version = version;
    REQUIRE(member.store->apply(ref(key), header, value).ok());
    REQUIRE(member.store->commit().ok());
  }
};

TEST_CASE("what a node has lost that recovers first is fetched from who recovers behind it") {
  const bool has_been_up = GENERATE(false, true);
  BothRecovering cluster(has_been_up);
  ShardCluster::put(cluster.a1(), "k", 1, "old");
  ShardCluster::put(cluster.b1(), "k", 2, "new");
  ShardCluster::put(cluster.b1(), "absent", 2, "v");
  ShardCluster::put(cluster.a1(), "only here", 2, "v");
  cluster.recover();
  cluster.loop_.advance(Millis{1000});
  CHECK(cluster.complete());
  // A process that has served has it all, and does not know what it did any more.
  CHECK(ShardCluster::get(cluster.a1(), "k") == (has_been_up ? "old" : "new"));
  CHECK(ShardCluster::get(cluster.a1(), "absent") == (has_been_up ? "(none)" : "v"));
  CHECK(ShardCluster::get(cluster.b1(), "only here") == "(none)");
}

TEST_CASE("what the other had before it failed is fetched when no router may propose it anew") {
  BothRecovering cluster;
  BothRecovering::put(cluster.b1(), "k", {2, 1, 257}, "v");
  cluster.recover();
  cluster.loop_.advance(Millis{4000});
  CHECK_FALSE(cluster.complete());
  CHECK(ShardCluster::get(cluster.a1(), "k") == "(none)");
  cluster.loop_.advance(Millis{2000});
  CHECK(cluster.complete());
  CHECK(ShardCluster::get(cluster.a1(), "k") == "v");
}

TEST_CASE("what was reclaimed does not come back from who was away longer") {
  BothRecovering cluster;
  ShardCluster::put(cluster.b1(), "k", 1, "deleted meanwhile");
  Store& store = *cluster.a1().store;
  REQUIRE(store.raise_floor(ShardCluster::ref("k").vnode, {4, 2, 0}).ok());
  REQUIRE(store.commit().ok());
  cluster.recover();
  cluster.run();
  CHECK(cluster.complete());
  CHECK(ShardCluster::get(cluster.a1(), "k") == "(none)");
}

TEST_CASE("what is not settled at who recovers, too, is waited for") {
  BothRecovering cluster;
  cluster.recover();
  const resp::Version version{4, 1, 257};
  ShardCluster::put(cluster.b1(), "k", 1, "v");
  UnsettledWrites& unsettled = cluster.b1().shard->unsettled();
  unsettled.add(257, ShardCluster::ref("k"), version, {false, version});
  unsettled.keep_batch();
  cluster.run();
  CHECK_FALSE(cluster.complete());
  unsettled.settle(resp::write_id("k", version));
  cluster.run();
  CHECK(cluster.complete());
  CHECK(ShardCluster::get(cluster.a1(), "k") == "v");
}

// b1 has got an older disk. s1 keeps what b1 had acknowledged while a1 was away, and does not
// answer at first.
TEST_CASE("a log that nobody else can stand for is waited for") {
  ShardCluster cluster;
  ShardCluster::log(cluster.s1(), "k", 2, "v");
  cluster.topology_.nodes[1].state = NodeState::kTempFailed;
  cluster.topology_.nodes[1].since =
      GENERATE(topology::Epoch{3}, topology::Epoch{topology::kSinceLongAgo});
  const bool is_needed = cluster.topology_.nodes[1].since == topology::kSinceLongAgo;
  cluster.topology_.nodes[0].state = NodeState::kRecovering;
  cluster.topology_.nodes[0].since = 4;
  ++cluster.topology_.epoch;
  cluster.tell(0);
  cluster.run();
  CHECK(cluster.complete() != is_needed);
  cluster.tell(2);
  cluster.run();
  CHECK(cluster.complete());
  CHECK(ShardCluster::get(cluster.a1(), "k") == (is_needed ? "v" : "(none)"));
}

// Until nobody recovers who may want it.
TEST_CASE("the log kept for a node that was given up is cleared when all are up") {
  ShardCluster cluster;
  cluster.topology_.nodes.push_back(cluster.topology_.nodes[1]);
  topology::Node& dead = cluster.topology_.nodes.back();
  dead.id = 9;
  dead.name = "b9";
  dead.state = NodeState::kDead;
  Write write{};
  write.header.version = {4, 20, 257};
  REQUIRE(cluster.s1().store->log_write(9, ShardCluster::ref("k"), write).ok());
  REQUIRE(cluster.s1().store->commit().ok());
  cluster.topology_.nodes[1].state = NodeState::kRecovering;
  cluster.topology_.nodes[1].since = topology::kSinceEver;
  cluster.tell_all();
  cluster.loop_.advance(Millis{2000});
  CHECK(cluster.s1().store->log_stats(9).entries == 1);
  cluster.topology_.nodes[1].state = NodeState::kUp;
  cluster.topology_.nodes[1].since = 0;
  ++cluster.topology_.epoch;
  cluster.tell_all();
  cluster.loop_.advance(Millis{2000});
  CHECK(cluster.s1().store->log_stats(9).entries == 0);
}

}  // namespace
}  // namespace doris::server::test

// What goes on in the background between two replicas that are both up, and what an operator has
// them compare.
#include "server/anti_entropy.h"

#include "tests/server/shard_cluster.h"

namespace doris::server::test {
namespace {

constexpr int64_t kStart = 1'700'000'000'000;  // Of the shards, by their clocks.
constexpr int64_t kNow = kStart + 3'600'000;
constexpr AntiEntropy::Options kOften{.interval = Millis{1000}, .retention = Millis{10'000}};

// A cluster whose two replicas are compared all the time. Versions are of the time that they name.
class Watched : public ShardCluster {
 public:
  explicit Watched(const AntiEntropy::Options& options = kOften) : ShardCluster(options) {
    clock_.set(kNow);
    tell_all();
  }

  static uint64_t ago(int64_t ms) { return static_cast<uint64_t>(kNow - ms) << 16; }

  // Both replicas have it.
  void put_both(const std::string& key, uint64_t hlc, const std::string& value) {
    put(a1(), key, hlc, value);
    put(b1(), key, hlc, value);
  }
  void run_rounds() { loop_.advance(Millis{5000}); }

  // A write of "k" of half a minute ago, as from an update log or a late router.
  static void comes_late(Member& member, uint32_t epoch) {
    RecordCopy late;
    late.key = "k";
    late.header.version = {epoch, ago(30'000), 257};
    late.value = "old";
    REQUIRE(member.shard->add_copy(ref("k").vnode, late).ok());
    REQUIRE(member.shard->commit_copies().ok());
  }

  std::string both(const std::string& key) { return get(a1(), key) + " " + get(b1(), key); }

  // Of both nodes.
  int64_t sum(Counter ShardStats::*counter) {
    return (a1().shard->counters().*counter).get() + (b1().shard->counters().*counter).get();
  }
};

TEST_CASE("the background compares every vnode, and leaves what is equal alone") {
  Watched cluster;
  cluster.put_both("k", Watched::ago(20'000), "v");
  cluster.put_both("gone", Watched::ago(5'000), "");
  cluster.run_rounds();
  CHECK(cluster.sum(&ShardStats::checked_vnodes) >= Watched::kVnodes);
  CHECK(cluster.sum(&ShardStats::differences) == 0);
  CHECK(cluster.sum(&ShardStats::reclaimed) == 0);
  CHECK(cluster.both("k") == "v v");
  CHECK(cluster.both("gone") == "(deleted) (deleted)");
}

TEST_CASE("the background mends what differs, on either side") {
  Watched cluster;
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    Watched::put(cluster.a1(), "only a" + n, Watched::ago(50), "v");
    Watched::put(cluster.b1(), "only b" + n, Watched::ago(50), "v");
    Watched::put(cluster.a1(), "newer b" + n, Watched::ago(60), "old");
    Watched::put(cluster.b1(), "newer b" + n, Watched::ago(50), "new");
    Watched::put(cluster.a1(), "deleted at b" + n, Watched::ago(60), "old");
    Watched::put(cluster.b1(), "deleted at b" + n, Watched::ago(50), "");
  }
  cluster.run_rounds();
  CHECK(cluster.alike());
  CHECK(cluster.sum(&ShardStats::differences) == 80);
  CHECK(cluster.both("only a7") == "v v");
  CHECK(cluster.both("only b7") == "v v");
  CHECK(cluster.both("newer b7") == "new new");
  CHECK(cluster.both("deleted at b7") == "(deleted) (deleted)");
}

TEST_CASE("a round shows how far it has come, goes on in a new epoch, and pauses in a failure") {
  Watched cluster;
  const auto progress = [&] { return cluster.a1().host.report.anti_entropy; };
  const auto visits = [&] { return cluster.a1().shard->counters().checked_vnodes.get(); };
  while (visits() < 3)
    cluster.loop_.advance(Millis{10});
  cluster.loop_.advance(Millis{250});  // It reports with its next tick.
  REQUIRE(progress().has_value());
  const uint64_t total = progress()->total;
  CHECK(total == topology::RoutingTable(cluster.topology_).primaries(1));
  CHECK(progress()->done() > 0);
  CHECK(progress()->elapsed > Millis{0});
  const Millis before = progress()->elapsed;
  ++cluster.topology_.epoch;
  cluster.tell_all();
  cluster.loop_.advance(Millis{250});
  REQUIRE(progress().has_value());
  CHECK(progress()->elapsed > before);
  cluster.topology_.nodes[1].state = NodeState::kTempFailed;
  cluster.topology_.nodes[1].since = ++cluster.topology_.epoch;
  cluster.tell_all();
  cluster.loop_.advance(Millis{250});
  CHECK_FALSE(progress().has_value());
}

// All have died at once: whether it was settled is not known, and nobody is alarmed.
TEST_CASE("what was written just before the shards started is mended, and is no difference") {
  Watched cluster;
  Watched::put(cluster.a1(), "only a", static_cast<uint64_t>(kStart - 50) << 16, "v");
  Watched::put(cluster.b1(), "only b", static_cast<uint64_t>(kStart - 50) << 16, "v");
  cluster.run_rounds();
  CHECK(cluster.sum(&ShardStats::differences) == 0);
  CHECK(cluster.both("only a") == "v v");
  CHECK(cluster.both("only b") == "v v");
}

TEST_CASE("tombstones older than their retention go from both replicas, younger ones stay") {
  Watched cluster;
  for (int i = 0; i < 1000; ++i)
    cluster.put_both("old" + std::to_string(i), Watched::ago(20'000), "");
  cluster.put_both("young", Watched::ago(5'000), "");
  cluster.put_both("live", Watched::ago(20'000), "v");
  cluster.run_rounds();
  CHECK(cluster.alike());
  CHECK(cluster.sum(&ShardStats::reclaimed) == 2000);
  CHECK(cluster.both("old7") == "(none) (none)");
  CHECK(cluster.both("young") == "(deleted) (deleted)");
  CHECK(cluster.both("live") == "v v");
}

TEST_CASE("expired records go with the tombstones, and alike on both replicas") {
  Watched cluster;
  for (auto* member : {&cluster.a1(), &cluster.b1()}) {
    RecordHeader header{.version = {4, Watched::ago(60'000), 257}, .expires_at_ms = kNow - 20'000};
    REQUIRE(member->store->apply(Watched::ref("expired"), header, "v").ok());
    header.expires_at_ms = kNow - 5'000;
    REQUIRE(member->store->apply(Watched::ref("expired lately"), header, "v").ok());
    REQUIRE(member->store->commit().ok());
  }
  cluster.run_rounds();
  CHECK(cluster.alike());
  CHECK(cluster.both("expired") == "(none) (none)");
  CHECK(cluster.both("expired lately") == "v v");
}

TEST_CASE("a reclaimed key does not come back with an old write, from a log or a late router") {
  Watched cluster;
  cluster.put_both("k", Watched::ago(20'000), "");
  cluster.run_rounds();
  REQUIRE(cluster.both("k") == "(none) (none)");
  for (auto* member : {&cluster.a1(), &cluster.b1()})
    Watched::comes_late(*member, 4);
  CHECK(cluster.both("k") == "(none) (none)");
}

TEST_CASE("a node that comes back with an old disk does not bring reclaimed keys back") {
  Watched cluster;
  Watched::put(cluster.a1(), "k", Watched::ago(30'000), "old");  // a1 has missed the deletion.
  Watched::put(cluster.b1(), "k", Watched::ago(20'000), "");
  // b1 has reclaimed it meanwhile, with whoever had the place of a1.
  const topology::Vnode vnode = Watched::ref("k").vnode;
  REQUIRE(cluster.b1().store->raise_floor(vnode, {5, Watched::ago(10'000), 0}).ok());
  REQUIRE(
      cluster.b1().store->reclaim(vnode, {.records_max = 100, .bytes_max = 1 << 20}, kNow).ok());
  REQUIRE(cluster.b1().store->commit().ok());
  REQUIRE(cluster.both("k") == "old (none)");
  cluster.recover();
  cluster.run();
  CHECK(cluster.complete());
  CHECK(cluster.both("k") == "(none) (none)");
  CHECK(cluster.alike());
}

// The other one had come back with a still older disk before: of it there is an earlier deletion,
// which the floor covers, and so says nothing of what came after it.
TEST_CASE("nor where an older deletion has been left") {
  Watched cluster;
  const topology::Vnode vnode = Watched::ref("k").vnode;
  Watched::put(cluster.a1(), "k", Watched::ago(30'000), "old");
  Watched::put(cluster.b1(), "k", Watched::ago(40'000), "");
  REQUIRE(cluster.b1().store->raise_floor(vnode, {5, Watched::ago(10'000), 0}).ok());
  REQUIRE(cluster.b1().store->commit().ok());
  SECTION("and it is compared") {
    cluster.recover();
    cluster.run();
    CHECK(cluster.complete());
  }
  SECTION("and it comes late") {
    cluster.recover();
    cluster.run();
    Watched::comes_late(cluster.b1(), 4);
  }
  CHECK_THAT(cluster.both("k"), !Catch::Contains("old"));
}

TEST_CASE("an empty node gets records below the floor that its own disk once had") {
  Watched cluster;
  const topology::Vnode vnode = Watched::ref("k").vnode;
  Watched::put(cluster.b1(), "k", Watched::ago(30'000), "v");
  REQUIRE(cluster.a1().store->raise_floor(vnode, {5, Watched::ago(10'000), 0}).ok());
  REQUIRE(cluster.a1().store->commit().ok());
  cluster.recover();
  cluster.run();
  CHECK(cluster.both("k") == "v v");
}

// The next to come back with an old disk, or with an old update log, might meet only such nodes.
TEST_CASE("a node that is filled anew knows what was reclaimed before") {
  Watched cluster;
  const topology::Vnode vnode = Watched::ref("k").vnode;
  const resp::Version floor{5, Watched::ago(10'000), 0};
  SECTION("there is nothing else") {}
  SECTION("there are other records") {
    std::string other = "other";
    while (Watched::ref(other).vnode != vnode)
      other += "r";
    Watched::put(cluster.b1(), other, Watched::ago(5'000), "v");
  }
  REQUIRE(cluster.b1().store->raise_floor(vnode, floor).ok());
  REQUIRE(cluster.b1().store->commit().ok());
  cluster.recover();
  cluster.run();
  REQUIRE(cluster.complete());
  CHECK(cluster.a1().store->floor(vnode) == floor);
  Watched::comes_late(cluster.a1(), 5);
  CHECK(cluster.both("k") == "(none) (none)");
}

TEST_CASE("shards report a verification together, once all of them have begun it") {
  const auto report_of = [](uint64_t id, uint64_t total) {
    ShardReport report;
    report.verification =
        VerificationReport{.id = id, .total = total, .left = total, .samples = {}};
    return report;
  };
  CHECK_FALSE(sum_of({}).verification);
  const ShardReport not_begun[] = {report_of(7, 10), ShardReport()};
  CHECK_FALSE(sum_of(not_begun).verification);
  const ShardReport older[] = {report_of(7, 10), report_of(6, 10)};
  CHECK_FALSE(sum_of(older).verification);
  const ShardReport begun[] = {report_of(7, 10), report_of(7, 20)};
  REQUIRE(sum_of(begun).verification);
  CHECK(sum_of(begun).verification->total == 30);
  CHECK(sum_of(begun).verification->left == 30);
}

// Routers bring the topology to every shard, each for itself.
TEST_CASE("a standing that is the same as before does not begin a recovery again") {
  Watched cluster;
  cluster.recover();
  cluster.run();
  REQUIRE(cluster.complete());
  cluster.a1().shard->set_standing(cluster.a1().shard->standing());
  CHECK(cluster.complete());
}

TEST_CASE("nothing is reclaimed while a node has failed or recovers") {
  Watched cluster;
  cluster.put_both("k", Watched::ago(20'000), "");
  cluster.topology_.nodes[2].group = topology::Group::kA;  // s1 owns nothing.
  cluster.topology_.nodes[2].state = NodeState::kTempFailed;
  cluster.topology_.nodes[2].since = 6;
  ++cluster.topology_.epoch;
  cluster.tell(0);
  cluster.tell(1);
  const int64_t before = cluster.sum(&ShardStats::checked_vnodes);
  cluster.run_rounds();
  CHECK(cluster.both("k") == "(deleted) (deleted)");
  CHECK(cluster.sum(&ShardStats::checked_vnodes) == before);
}

TEST_CASE("what is not settled keeps its vnode from being reclaimed") {
  Watched cluster;
  std::string key = "k";
  while (cluster.topology_.primary[Watched::ref(key).vnode] != topology::Group::kA)
    key += "k";
  cluster.put_both(key, Watched::ago(20'000), "");
  UnsettledWrites& unsettled = cluster.a1().shard->unsettled();
  const resp::Version version{4, Watched::ago(20'000), 257};
  unsettled.add(257, Watched::ref(key), {5, Watched::ago(20'000), 257}, {false, version});
  unsettled.keep_batch();
  cluster.run_rounds();
  CHECK(cluster.both(key) == "(deleted) (deleted)");
}

// ---- What an operator asks for -------------------------------------------------------

VerificationReport verify(Watched& cluster, bool repairs) {
  cluster.a1().shard->verify(9, repairs);
  cluster.b1().shard->verify(9, repairs);
  cluster.loop_.advance(Millis{3000});
  const ShardReport reports[] = {cluster.a1().host.report, cluster.b1().host.report};
  const ShardReport sum = sum_of(reports);
  REQUIRE(sum.verification.has_value());
  return *sum.verification;
}

constexpr AntiEntropy::Options kNever{};

TEST_CASE("a verification compares all vnodes once, and counts and names what differs") {
  Watched cluster(kNever);
  cluster.put_both("same", Watched::ago(50), "v");
  Watched::put(cluster.a1(), "only a", Watched::ago(50), "v");
  Watched::put(cluster.b1(), "newer b", Watched::ago(50), "v");
  Watched::put(cluster.a1(), "newer b", Watched::ago(60), "v");
  const VerificationReport report = verify(cluster, /*repairs=*/false);
  CHECK(report.total == Watched::kVnodes);
  CHECK(report.left == 0);
  CHECK(report.skipped.empty());
  CHECK(report.differences == 2);
  CHECK(report.mended == 0);
  REQUIRE(report.samples.size() == 2);
  const std::string words = report.samples[0] + report.samples[1];
  CHECK_THAT(words, Catch::Contains("only a") && Catch::Contains("missing or older at b1"));
  CHECK_THAT(words, Catch::Contains("newer b") && Catch::Contains("missing or older at a1"));
  CHECK(cluster.both("only a") == "v (none)");
}

TEST_CASE("a verification that repairs mends what differs; the next one finds nothing") {
  Watched cluster(kNever);
  for (int i = 0; i < 600; ++i)
    Watched::put(i % 2 == 0 ? cluster.a1() : cluster.b1(), "k" + std::to_string(i),
                 Watched::ago(50), "v");
  const VerificationReport report = verify(cluster, /*repairs=*/true);
  CHECK(report.differences == 600);
  CHECK(report.mended == 600);
  CHECK(report.samples.size() == VerificationReport::kSamplesMax);
  CHECK(cluster.alike());
  cluster.a1().shard->verify(10, false);
  cluster.b1().shard->verify(10, false);
  cluster.loop_.advance(Millis{3000});
  CHECK(cluster.a1().host.report.verification->differences == 0);
}

TEST_CASE("writes on their way are no differences") {
  Watched cluster(kNever);
  std::string key = "k";
  while (cluster.topology_.primary[Watched::ref(key).vnode] != topology::Group::kA)
    key += "k";
  const resp::Version version{5, Watched::ago(0), 257};
  Watched::put(cluster.a1(), key, version.hlc, "v");
  RecordHeader header{.version = version};
  REQUIRE(cluster.a1().store->apply(Watched::ref(key), header, "v").ok());
  REQUIRE(cluster.a1().store->commit().ok());
  cluster.a1().shard->unsettled().add(257, Watched::ref(key), version, {false, version});
  cluster.a1().shard->unsettled().keep_batch();
  CHECK(verify(cluster, /*repairs=*/true).differences == 0);
  CHECK(Watched::get(cluster.b1(), key) == "(none)");
}

TEST_CASE("vnodes whose other replica is away are skipped, and counted by the reason") {
  Watched cluster(kNever);
  cluster.topology_.nodes[1].state = NodeState::kTempFailed;
  cluster.topology_.nodes[1].since = 6;
  ++cluster.topology_.epoch;
  cluster.tell_all();
  cluster.a1().shard->verify(9, false);
  cluster.loop_.advance(Millis{1000});
  const auto report = cluster.a1().host.report.verification;
  REQUIRE(report.has_value());
  CHECK(report->total == Watched::kVnodes);
  CHECK(report->skipped ==
        std::map<std::string, uint64_t>{{"b1 is temp-failed", Watched::kVnodes}});
  CHECK(report->left == 0);
}

}  // namespace
}  // namespace doris::server::test

#include "admin/topology_store.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "base/topology/topology_codec.h"
#include "tests/admin/sample_cluster.h"
#include "tests/base/scratch_directory.h"
#include "tests/support/child.h"
#include "tests/support/manual_clock.h"

namespace doris::admin {
namespace {

using Catch::Contains;

// A store in a directory of its own, which a test can close and open again.
class StoreFixture {
 public:
  Result<std::unique_ptr<TopologyStore>> try_open(uint32_t vnodes = 1000) {
    return TopologyStore::open({scratch.file("admin"), vnodes}, clock, random);
  }

  void open() {
    auto opened = try_open();
    INFO(opened.status().message());
    REQUIRE(opened.ok());
    store = *std::move(opened);
  }

  void reopen() {
    store.reset();
    open();
  }

  // Lets a server in.
  Status add(const std::string& name) {
    auto change = register_server(store->topology(), test::newcomer(name), {},
                                  {store->next_node(), [](topology::NodeId) { return false; },
                                   [](topology::NodeId) { return false; }});
    REQUIRE(change.ok());
    REQUIRE(change->has_value());
    return store->change((*change)->topology, {name, (*change)->what, (*change)->why},
                         store->disk_marks());
  }

  // Writes a key behind the store's back. REQUIRES: the store is closed.
  void overwrite(std::string_view key, std::string_view value) {
    auto env = bdb::Environment::open({scratch.file("admin"), 8UL << 20, 4UL << 20, 512UL << 10});
    REQUIRE(env.ok());
    auto db = bdb::Database::open(**env, "topology.db");
    REQUIRE(db.ok());
    auto txn = bdb::Transaction::begin(**env);
    REQUIRE(txn.ok());
    REQUIRE((*db)->put(**txn, key, value).ok());
    REQUIRE((*txn)->commit(bdb::Durability::kSync).ok());
  }

  ScratchDirectory scratch;
  testing::ManualClock clock;
  Random random{1};
  std::unique_ptr<TopologyStore> store;
};

TEST_CASE("a new store holds a new cluster at epoch 1") {
  StoreFixture fixture;
  fixture.open();
  const topology::Topology& topology = fixture.store->topology();
  CHECK(topology.epoch == 1);
  CHECK(topology.vnodes == 1000);
  CHECK(topology.nodes.empty());
  CHECK(topology.validate(false).ok());
  CHECK(fixture.store->text() == topology::encode(topology));
  CHECK(fixture.store->next_node() == 1);
}

TEST_CASE("disk marks are kept, and damaged ones are refused") {
  StoreFixture fixture;
  fixture.open();
  CHECK(fixture.store->disk_marks().empty());
  const DiskMarks::ByNode marks{{1, 7}, {300, 1ULL << 60}};
  REQUIRE(fixture.store->keep_disk_marks(marks).ok());
  fixture.reopen();
  CHECK(fixture.store->disk_marks() == marks);
  REQUIRE(fixture.store->keep_disk_marks({}).ok());
  fixture.reopen();
  CHECK(fixture.store->disk_marks().empty());
  fixture.store.reset();
  const std::string damaged = GENERATE("1 x\n", "1", "1 2\n70000 3\n");
  fixture.overwrite("disk-marks", damaged);
  const auto opened = fixture.try_open();
  CHECK(opened.code() == Code::kCorrupt);
  CHECK_THAT(opened.status().message(), Contains("disk-marks"));
}

TEST_CASE("two clusters have two ids") {
  StoreFixture one;
  one.open();
  StoreFixture two;
  two.random = Random(2);
  two.open();
  CHECK(one.store->topology().cluster != two.store->topology().cluster);
}

TEST_CASE("what was changed is there after the store was opened again") {
  StoreFixture fixture;
  fixture.open();
  REQUIRE(fixture.add("a1").ok());
  REQUIRE(fixture.add("b1").ok());
  const topology::Topology before = fixture.store->topology();
  REQUIRE(before.formed());
  fixture.reopen();
  CHECK(fixture.store->topology() == before);
  CHECK(fixture.store->text() == topology::encode(before));
  CHECK(fixture.store->next_node() == 3);
}

TEST_CASE("every epoch has a journal entry, and the newest comes first") {
  StoreFixture fixture;
  fixture.open();
  fixture.clock.set(5000);
  REQUIRE(fixture.add("a1").ok());
  fixture.clock.set(6000);
  REQUIRE(fixture.add("b1").ok());
  fixture.reopen();
  const auto history = fixture.store->history(100);
  REQUIRE(history.ok());
  REQUIRE(history->size() == 3);
  CHECK((*history)[0].epoch == 3);
  CHECK((*history)[0].at_ms == 6000);
  CHECK((*history)[0].who == "b1");
  CHECK_THAT((*history)[0].what, Contains("formed"));
  CHECK((*history)[1].epoch == 2);
  CHECK((*history)[1].at_ms == 5000);
  CHECK_THAT((*history)[2].what, Contains("made a cluster of 1000 vnodes"));
  CHECK(fixture.store->history(2)->size() == 2);
  CHECK(fixture.store->history(0)->empty());
}

// It has recovered in between, not all of it, and is failed since the first time for others.
TEST_CASE("how long a node has failed is counted from the last time") {
  StoreFixture fixture;
  fixture.open();
  for (const char* const name : {"a1", "b1"})
    REQUIRE(fixture.add(name).ok());
  const auto turn = [&](topology::NodeState state, int64_t at_ms) {
    fixture.clock.set(at_ms);
    topology::Topology next = fixture.store->topology();
    ++next.epoch;
    topology::Node& node = next.nodes[0];
    node.state = state;
    if (node.since == 0) node.since = next.epoch;
    REQUIRE(fixture.store->change(next, {"the test", "it", "so"}, {}).ok());
  };
  turn(topology::NodeState::kTempFailed, 1'000'000);
  const auto failed_at = [&] {
    const auto at = fixture.store->failed_at(fixture.store->topology().nodes[0]);
    REQUIRE(at.ok());
    return *at;
  };
  CHECK(failed_at() == 1'000'000);
  turn(topology::NodeState::kTempFailed, 1'500'000);  // Something else of it has changed.
  CHECK(failed_at() == 1'000'000);
  turn(topology::NodeState::kRecovering, 2'000'000);
  turn(topology::NodeState::kTempFailed, 3'000'000);
  CHECK(failed_at() == 3'000'000);
  fixture.reopen();
  CHECK(failed_at() == 3'000'000);
}

// An operator may hold it for longer than permanent-failure-after.
TEST_CASE("how long a node has failed is counted from when an operator lets it back in") {
  StoreFixture fixture;
  fixture.open();
  REQUIRE(fixture.add("a1").ok());
  const auto hold = [&](bool held, int64_t at_ms) {
    fixture.clock.set(at_ms);
    topology::Topology next = fixture.store->topology();
    ++next.epoch;
    topology::Node& node = next.nodes[0];
    node.state = topology::NodeState::kTempFailed;
    node.held = held;
    if (node.since == 0) node.since = next.epoch;
    REQUIRE(fixture.store->change(next, {"the test", "it", "so"}, {}).ok());
  };
  hold(true, 1'000'000);
  hold(false, 9'000'000);
  hold(false, 9'500'000);
  CHECK(*fixture.store->failed_at(fixture.store->topology().nodes[0]) == 9'000'000);
}

TEST_CASE("a router number is never given twice, even by a restarted admin") {
  StoreFixture fixture;
  fixture.open();
  CHECK(*fixture.store->draw_router_number() == 1);
  CHECK(*fixture.store->draw_router_number() == 2);
  fixture.reopen();
  CHECK(*fixture.store->draw_router_number() == 3);
}

TEST_CASE("router numbers end where writer ids do") {
  StoreFixture fixture;
  fixture.open();
  fixture.store.reset();
  fixture.overwrite("next-router", "8388607");
  fixture.open();
  CHECK(*fixture.store->draw_router_number() == (1U << 23) - 1);
  CHECK(fixture.store->draw_router_number().code() == Code::kUnavailable);
}

TEST_CASE("a change survives a process that is killed right after it") {
  StoreFixture fixture;
  Child child([&](int pipe) {
    auto opened = fixture.try_open();
    if (!opened.ok()) return 1;
    fixture.store = *std::move(opened);
    if (!fixture.add("a1").ok() || !fixture.add("b1").ok()) return 2;
    if (::write(pipe, "x", 1) != 1) return 3;
    return ::pause();
  });
  char byte = 0;
  REQUIRE(child.read_byte(byte));
  child.kill();
  fixture.open();
  CHECK(fixture.store->topology().epoch == 3);
  CHECK(fixture.store->topology().formed());
  CHECK(fixture.store->history(10)->size() == 3);
}

TEST_CASE("a store of a newer Doris is refused and left alone") {
  StoreFixture fixture;
  fixture.open();
  fixture.store.reset();
  fixture.overwrite("format", "2");
  const auto opened = fixture.try_open();
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.code() == Code::kTooNew);
  CHECK_THAT(opened.status().message(), Contains("version 2"));
}

TEST_CASE("another number of vnodes than the cluster's is refused, and the right one named") {
  StoreFixture fixture;
  fixture.open();
  fixture.store.reset();
  const auto opened = fixture.try_open(2000);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.code() == Code::kInvalid);
  CHECK_THAT(opened.status().message(), Contains("2000") && Contains("set it back to 1000"));
}

TEST_CASE("a damaged store is refused, and what is damaged named") {
  StoreFixture fixture;
  fixture.open();
  fixture.store.reset();
  SECTION("topology") {
    fixture.overwrite("topology", "doris-topology 1\n");
    CHECK_THAT(fixture.try_open().status().message(), Contains("topology: line 2"));
  }
  SECTION("number") {
    fixture.overwrite("next-node", "many");
    CHECK_THAT(fixture.try_open().status().message(), Contains("next-node"));
  }
}

// It was taken for a new directory, and no data server belonged to the cluster that was made there.
TEST_CASE("a store whose file is gone is refused and left alone, and not made anew") {
  StoreFixture fixture;
  fixture.open();
  REQUIRE(fixture.add("a1").ok());
  const topology::Topology before = fixture.store->topology();
  fixture.store.reset();
  const std::string file = fixture.scratch.file("admin/topology.db");
  std::filesystem::rename(file, fixture.scratch.file("aside"));
  const auto opened = fixture.try_open();
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.code() == Code::kCorrupt);
  CHECK_THAT(opened.status().message(), Contains(file + " is missing") && Contains("backup"));
  CHECK_FALSE(std::filesystem::exists(file));
  std::filesystem::rename(fixture.scratch.file("aside"), file);
  fixture.open();
  CHECK(fixture.store->topology() == before);
}

// As when the admin could not start for want of room.
TEST_CASE("a directory that has a lock and nothing else is new") {
  StoreFixture fixture;
  std::filesystem::create_directory(fixture.scratch.file("admin"));
  std::ofstream(fixture.scratch.file("admin/LOCK")) << "1\n";
  fixture.open();
  CHECK(fixture.store->topology().epoch == 1);
}

TEST_CASE("a second admin cannot use the same directory") {
  StoreFixture fixture;
  fixture.open();
  CHECK(fixture.try_open().code() == Code::kExists);
}

TEST_CASE("many large changes leave a small directory") {
  StoreFixture fixture;
  auto opened = fixture.try_open(65535);
  REQUIRE(opened.ok());
  fixture.store = *std::move(opened);
  REQUIRE(fixture.add("a1").ok());
  REQUIRE(fixture.add("b1").ok());
  REQUIRE(fixture.add("a2").ok());
  // Vnodes that alternate between two nodes make a text of some 300 KB.
  topology::Topology next = fixture.store->topology();
  for (size_t vnode = 0; vnode < next.vnodes; vnode += 2)
    next.owner[0][vnode] = 3;
  uint64_t written = 0;
  while (written < (60UL << 20)) {
    ++next.epoch;
    REQUIRE(fixture.store->change(next, {"test", "nothing", "to see"}, {}).ok());
    written += fixture.store->text().size();
  }
  uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(fixture.scratch.file("admin"))) {
    bytes += file.file_size();
  }
  CHECK(bytes < written / 2);
}

}  // namespace
}  // namespace doris::admin

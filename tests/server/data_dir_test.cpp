#include "server/data_dir.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "server/durable_file.h"
#include "tests/base/scratch_directory.h"
#include "tests/server/open_store.h"
#include "tests/support/child.h"
#include "tests/support/damage.h"
#include "tests/support/small_disk.h"

namespace doris::server {
namespace {

using Catch::Contains;

const std::string kCluster = "0123456789abcdef0123456789abcdef";

DataDir::Options options_of(const ScratchDirectory& directory, uint32_t shards = 0) {
  return {.path = directory.file("a1"), .node = "a1", .shards = shards, .shards_if_new = 2};
}

std::unique_ptr<DataDir> open(const DataDir::Options& options) {
  auto dir = DataDir::open(options);
  INFO(dir.status().message());
  REQUIRE(dir.ok());
  return *std::move(dir);
}

TEST_CASE("a new directory takes the number of shards that was asked for, or that of the cores") {
  const ScratchDirectory directory;
  CHECK(open(options_of(directory))->shards() == 2);
  const ScratchDirectory other;
  const auto dir = open(options_of(other, 3));
  CHECK(dir->shards() == 3);
  CHECK(dir->cluster().empty());
  CHECK(dir->vnodes() == 0);
  CHECK(dir->shard_path(2) == other.file("a1/shard-2"));
}

TEST_CASE("the number of shards stays what it was, and another one is refused with the way out") {
  const ScratchDirectory directory;
  open(options_of(directory, 3));
  CHECK(open(options_of(directory, 0))->shards() == 3);
  CHECK(open(options_of(directory, 3))->shards() == 3);
  const auto refused = DataDir::open(options_of(directory, 4));
  CHECK(refused.code() == Code::kInvalid);
  CHECK_THAT(refused.status().message(), Contains("set shards to 3 or 0"));
}

TEST_CASE("a directory of another node is refused") {
  const ScratchDirectory directory;
  open(options_of(directory));
  DataDir::Options options = options_of(directory);
  options.node = "b7";
  const auto refused = DataDir::open(options);
  CHECK(refused.code() == Code::kInvalid);
  CHECK_THAT(refused.status().message(), Contains("belongs to node a1, not to b7"));
}

TEST_CASE("a directory in use is refused, and says by whom") {
  const ScratchDirectory directory;
  Child holder([&](int pipe) {
    const auto dir = DataDir::open(options_of(directory));
    if (!dir.ok() || ::write(pipe, "x", 1) != 1) return 1;
    return ::pause();
  });
  char byte;
  REQUIRE(holder.read_byte(byte));
  const auto refused = DataDir::open(options_of(directory));
  CHECK(refused.code() == Code::kExists);
  CHECK_THAT(refused.status().message(),
             Contains("in use by another doris process (pid " + std::to_string(holder.pid())));
}

TEST_CASE("a newer store format is refused and left as it is") {
  const ScratchDirectory directory;
  open(options_of(directory));
  const std::string newer = directory.write("a1/doris.store", "doris-store 2\nsomething new\n");
  const auto refused = DataDir::open(options_of(directory));
  CHECK(refused.code() == Code::kTooNew);
  CHECK_THAT(refused.status().message(), Contains("has store format 2; this doris-server ") &&
                                             Contains("reads up to 1: run a newer doris-server"));
  CHECK(directory.read("a1/doris.store") == "doris-store 2\nsomething new\n");
}

void check_refused(const ScratchDirectory& directory, const std::string& content) {
  directory.write("a1/doris.store", content);
  const auto refused = DataDir::open(options_of(directory));
  INFO(content);
  // A flip in the format's number may make it a newer one.
  CHECK((refused.code() == Code::kCorrupt || refused.code() == Code::kTooNew));
  if (refused.code() == Code::kCorrupt)
    CHECK_THAT(refused.status().message(), Contains("doris.store"));
}

TEST_CASE("doris.store with any bit flipped or any end missing is refused by name") {
  const ScratchDirectory directory;
  open(options_of(directory));
  const std::string good = directory.read("a1/doris.store");
  for (size_t at = 0; at < good.size(); ++at) {
    check_refused(directory, good.substr(0, at));
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      check_refused(directory, bad);
    }
  }
}

TEST_CASE("shards without doris.store are not made into a new store") {
  const ScratchDirectory directory;
  std::filesystem::create_directories(directory.file("a1/shard-1"));
  const auto refused = DataDir::open(options_of(directory));
  CHECK(refused.code() == Code::kCorrupt);
  CHECK_THAT(refused.status().message(), Contains("doris.store") && Contains("shard-1"));
}

// As the first start of a server does.
void make_shards(const DataDir& dir) {
  for (uint32_t shard = 0; shard < dir.shards(); ++shard)
    OpenStore(dir.shard_path(shard)).close();
}

TEST_CASE("a lost file of a shard is missed by name, and no empty one stands in for it") {
  const ScratchDirectory directory;
  auto dir = open(options_of(directory));
  make_shards(*dir);
  REQUIRE(dir->persist_cluster(kCluster, 10'000).ok());
  dir.reset();
  const std::string lost = GENERATE("a1/shard-1", "a1/shard-0/data.db", "a1/shard-1/meta.db");
  std::filesystem::remove_all(directory.file(lost));
  const auto refused = DataDir::open(options_of(directory));
  CHECK(refused.code() == Code::kCorrupt);
  CHECK_THAT(refused.status().message(), Contains(lost) && Contains("is missing"));
  CHECK_FALSE(std::filesystem::exists(directory.file(lost)));
}

TEST_CASE("a directory belongs to its first cluster for good") {
  const ScratchDirectory directory;
  auto dir = open(options_of(directory));
  make_shards(*dir);
  REQUIRE(dir->persist_cluster(kCluster, 10'000).ok());
  dir.reset();
  dir = open(options_of(directory));
  CHECK(dir->cluster() == kCluster);
  CHECK(dir->vnodes() == 10'000);
  CHECK(dir->persist_cluster(kCluster, 10'000).ok());
  CHECK(dir->persist_cluster(std::string(32, 'f'), 10'000).code() == Code::kInvalid);
  CHECK(dir->persist_cluster(kCluster, 9'999).code() == Code::kInvalid);
  CHECK(dir->cluster() == kCluster);
}

TEST_CASE("the topology kept is the last one given, or none") {
  const ScratchDirectory directory;
  auto dir = open(options_of(directory));
  CHECK(dir->load_topology().code() == Code::kNotFound);
  REQUIRE(dir->persist_topology("epoch 1\n").ok());
  REQUIRE(dir->persist_topology("epoch 2\nmore\n").ok());
  dir.reset();
  dir = open(options_of(directory));
  CHECK(*dir->load_topology() == "epoch 2\nmore\n");
  CHECK_FALSE(std::filesystem::exists(directory.file("a1/topology.tmp")));
}

TEST_CASE("a damaged topology is refused by name") {
  const ScratchDirectory directory;
  const auto dir = open(options_of(directory));
  REQUIRE(dir->persist_topology("epoch 12\n").ok());
  flip_bit(directory.file("a1/topology"), 6);
  CHECK(dir->load_topology().code() == Code::kCorrupt);
  CHECK_THAT(dir->load_topology().status().message(), Contains("a1/topology"));
}

TEST_CASE("a topology that finds no room leaves the old one") {
  const ScratchDirectory directory;
  SmallDisk disk(directory.file(""), 4);
  if (!disk.mounted()) {
    WARN("SKIPPED: mounting a file system needs root");
    return;
  }
  const auto dir = open(options_of(directory));
  REQUIRE(dir->persist_topology("epoch 1\n").ok());
  disk.fill_but(64 * 1024);
  const std::string large(1UL << 20, 'x');
  CHECK(dir->persist_topology(large + "\n").code() == Code::kNoSpace);
  CHECK(*dir->load_topology() == "epoch 1\n");
  disk.free_room();
  CHECK(dir->persist_topology(large + "\n").ok());
  CHECK((*dir->load_topology() == large + "\n"));
}

TEST_CASE("a disk that is full to the last byte has room for a topology, again and again") {
  const ScratchDirectory directory;
  SmallDisk disk(directory.file(""), 64);
  if (!disk.mounted()) {
    WARN("SKIPPED: mounting a file system needs root");
    return;
  }
  const auto dir = open(options_of(directory));
  const std::string large(200UL << 10, 'x');
  for (int round = 0; round < 2; ++round) {
    REQUIRE(dir->persist_topology("epoch 1\n").ok());
    disk.fill_but(0);
    for (int epoch = 2; epoch < 20; ++epoch) {
      const std::string text = large + std::to_string(epoch) + "\n";
      REQUIRE(dir->persist_topology(text).ok());
      REQUIRE(*dir->load_topology() == text);
    }
    disk.free_room();
  }
}

TEST_CASE("a file left half written by a crash does not matter") {
  const ScratchDirectory directory;
  open(options_of(directory));
  directory.write("a1/doris.store.tmp", "doris-st");
  directory.write("a1/topology.tmp", "epo");
  const auto dir = open(options_of(directory));
  CHECK(dir->shards() == 2);
  CHECK(dir->load_topology().code() == Code::kNotFound);
  CHECK(dir->persist_topology("epoch 1\n").ok());
  CHECK(*dir->load_topology() == "epoch 1\n");
}

}  // namespace
}  // namespace doris::server

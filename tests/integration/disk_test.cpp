// Disks that fill up and files that rot, under one data server of a running cluster.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/integration/cluster.h"
#include "tests/support/small_disk.h"

namespace doris::integration {
namespace {

namespace fs = std::filesystem;

TEST_CASE("on a full disk writes answer an error, reads go on, and writes resume with room") {
  Cluster cluster({.conf = {"disk-free-min=16mb", "log-segment-size=1mb", "checkpoint-log-size=1mb",
                            "checkpoint-interval=1s"}});
  cluster.stop();
  // The data of b1 moves to a disk of its own.
  const std::string b1 = cluster.directory() + "/b1";
  fs::rename(b1, b1 + ".moved");
  fs::create_directory(b1);
  SmallDisk disk(b1, 96);
  if (!disk.mounted()) {
    WARN("skipped: mounting a small file system needs more rights");
    return;
  }
  fs::copy(b1 + ".moved", b1, fs::copy_options::recursive);
  cluster.start();
  RedisClient client = cluster.client();
  REQUIRE(client.command({"SET", "k", "before"}).ok());

  // Somebody else's file takes the room away.
  disk.fill_but(8UL << 20);
  const std::string value(1000, 'y');
  Reply refused = Reply::status("OK");
  int written = 0;
  CHECK(eventually([&] {
    for (int i = 0; i < 100 && refused.ok(); ++i) {
      refused = client.command({"SET", "n" + std::to_string(written++), value});
    }
    return !refused.ok();
  }));
  INFO("the refusal: " << refused);
  CHECK(refused.kind == Reply::kError);
  CHECK_THAT(refused.text, Catch::Contains("disk", Catch::CaseSensitive::No));
  CHECK(client.command({"GET", "k"}) == Reply::bulk("before"));
  CHECK(client.command({"GET", "n0"}) == Reply::bulk(value));

  disk.free_room();
  CHECK(eventually([&] { return client.command({"SET", "k", "after"}).ok(); }));
  CHECK(client.command({"GET", "k"}) == Reply::bulk("after"));
  cluster.await_service();
  for (int i = 0; i + 1 < written; i += 10) {
    REQUIRE(client.command({"GET", "n" + std::to_string(i)}) == Reply::bulk(value));
  }
  cluster.stop();
}

// Overwrites the middle of every large file of Berkeley DB's in `directory`, but its logs.
std::vector<std::string> damage(const std::string& directory) {
  std::vector<std::string> damaged;
  for (const auto& each : fs::recursive_directory_iterator(directory)) {
    if (!each.is_regular_file() || each.file_size() < 64 * 1024) continue;
    if (each.path().filename().string().starts_with("log.")) continue;
    std::fstream file(each.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(16 * 1024);
    file << std::string(each.file_size() - 32 * 1024, '\x5a');
    damaged.push_back(each.path().filename().string());
  }
  return damaged;
}

TEST_CASE("a damaged file is never served from: its data server refuses, and names it") {
  Cluster cluster({.conf = {"request-timeout=2s"}});
  RedisClient client = cluster.client();
  for (int i = 0; i < 2000; ++i) {
    client.append({"SET", "k" + std::to_string(i), std::string(500, 'v')});
  }
  for (int i = 0; i < 2000; ++i)
    REQUIRE(client.read().ok());
  cluster.stop();
  const std::vector<std::string> damaged = damage(cluster.directory() + "/a1");
  REQUIRE(!damaged.empty());

  // Whether it starts depends on which pages it needs to; a wrong answer it never gives.
  run({"env", std::string("DORIS_BUILD=") + DORIS_BUILD_DIR,
       std::string(DORIS_SOURCE_DIR) + "/tools/local_cluster.sh", "start", "--dir",
       cluster.directory()});
  int refused = 0;
  RedisClient after = cluster.client();
  for (int i = 0; i < 2000; i += 20) {
    const Reply reply = after.command({"GET", "k" + std::to_string(i)});
    if (reply.kind != Reply::kBulk) ++refused;
    if (reply.kind == Reply::kBulk) CHECK(reply.text == std::string(500, 'v'));
    CHECK(reply.kind != Reply::kNil);
    if (refused > 3) break;  // Each may wait for request-timeout.
  }
  CHECK(refused > 0);
  CHECK_THAT(cluster.log("a1"), Catch::Contains(damaged.front()));
}

}  // namespace
}  // namespace doris::integration

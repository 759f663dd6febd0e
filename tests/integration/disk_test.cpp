// Disks that fill up and files that rot, under one data server of a running cluster.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/cluster.h"
#include "tests/integration/cluster_state.h"
#include "tests/integration/disk_faults.h"

namespace doris::integration {
namespace {

TEST_CASE("a server whose disk is full steps back, and is up again when there is room") {
  ClusterOnASmallDisk small({"b1"});
  if (!small.disk.mounted()) {
    WARN("skipped: mounting a small file system needs more rights");
    return;
  }
  RedisClient client = small.cluster.client();
  REQUIRE(client.command({"SET", "k", "before"}).ok());
  small.disk.fill_but(8UL << 20);
  const auto copies = [&] { return client.command({"DORIS.STATUS"}).line("copies"); };
  REQUIRE(eventually([&] { return copies() == "1 copy of 10000 vnodes, without b1"; }));
  for (int i = 0; i < 200; ++i)
    REQUIRE(client.command({"SET", "n" + std::to_string(i), "v"}).ok());
  CHECK(client.command({"GET", "k"}) == Reply::bulk("before"));

  small.disk.free_room();
  CHECK(eventually([&] { return copies() == "2 copies of all 10000 vnodes"; }));
  for (int i = 0; i < 200; ++i)
    REQUIRE(client.command({"GET", "n" + std::to_string(i)}) == Reply::bulk("v"));
}

TEST_CASE("on full disks writes answer an error, reads go on, and writes resume with room") {
  ClusterOnASmallDisk small({"a1", "b1"});
  if (!small.disk.mounted()) {
    WARN("skipped: mounting a small file system needs more rights");
    return;
  }
  RedisClient client = small.cluster.client();
  REQUIRE(client.command({"SET", "k", "before"}).ok());

  // Somebody else's file takes the room away, even the last byte.
  small.disk.fill_but(GENERATE(8UL << 20, 0UL));
  Reply refused = Reply::status("OK");
  int written = 0;
  CHECK(eventually([&] {
    refused = client.command({"SET", "n" + std::to_string(written++), "v"});
    return !refused.ok();
  }));
  INFO("the refusal: " << refused);
  CHECK(refused.kind == Reply::kError);
  CHECK_THAT(refused.text, Catch::Contains("disk", Catch::CaseSensitive::No));
  CHECK(client.command({"GET", "k"}) == Reply::bulk("before"));

  small.disk.free_room();
  CHECK(eventually([&] { return client.command({"SET", "k", "after"}).ok(); }));
  CHECK(client.command({"GET", "k"}) == Reply::bulk("after"));
  small.cluster.await_service();
  for (int i = 0; i + 1 < written; i += 10) {
    REQUIRE(client.command({"GET", "n" + std::to_string(i)}) == Reply::bulk("v"));
  }
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
  const std::vector<std::string> damaged = damage_files(cluster.directory() + "/a1");
  REQUIRE(!damaged.empty());

  // Whether it starts depends on which pages it needs to; a wrong answer it never gives, and the
  // other copy answers for it.
  for (const std::string program : {"admin-1", "a1", "b1", "router-1"})
    (void)cluster.try_restart(program);
  RedisClient after = cluster.client();
  REQUIRE(eventually([&] { return after.command({"GET", "k0"}).kind == Reply::kBulk; }));
  for (int i = 0; i < 2000; i += 20) {
    CHECK(eventually([&] {
      const Reply reply = after.command({"GET", "k" + std::to_string(i)});
      CHECK(reply.kind != Reply::kNil);
      return reply == Reply::bulk(std::string(500, 'v'));
    }));
  }
  CHECK_THAT(cluster.log("a1"), Catch::Contains(damaged.front()));
}

uint64_t disk_mark(Cluster& cluster, const std::string& server) {
  const std::string info = cluster.client(server).command({"INFO"}).text;
  const std::string name = "disk_mark:";
  REQUIRE(info.find(name) != std::string::npos);
  return std::stoull(info.substr(info.find(name) + name.size()));
}

// Nobody could tell from what it holds that it is not the newest: the admin remembers how far its
// disk had come.
TEST_CASE("both servers are dead, and the first to come back has an older disk: nobody reads it") {
  Cluster cluster({.conf = {"appendfsync=always", "request-timeout=1s"}});
  const auto set_all = [&](const std::string& value) {
    RedisClient client = cluster.client();
    for (int i = 0; i < 20; ++i)
      REQUIRE(client.command({"SET", "k" + std::to_string(i), value}).ok());
  };
  const std::filesystem::path disk = cluster.directory() + "/a1";
  const std::filesystem::path copy = cluster.directory() + "/older";
  set_all("old");
  cluster.kill("a1");
  std::filesystem::copy(disk, copy, std::filesystem::copy_options::recursive);
  cluster.restart("a1");
  REQUIRE(becomes_whole(cluster));
  const uint64_t mark_before = disk_mark(cluster, "a1");
  set_all("new");
  RedisClient client = cluster.client();
  // A verification ends with a heartbeat, which has told how far the disk is.
  REQUIRE(eventually([&] { return disk_mark(cluster, "a1") > mark_before; }));
  REQUIRE(client.command({"DORIS.VERIFY"}).kind == Reply::kStatus);
  REQUIRE(eventually([&] {
    return client.command({"DORIS.VERIFY", "STATUS"}).line("state") == "done";
  }));

  cluster.kill_together({"a1", "b1"});
  std::filesystem::remove_all(disk);
  std::filesystem::copy(copy, disk, std::filesystem::copy_options::recursive);
  cluster.restart("a1");
  CHECK(eventually([&] { return status_of(cluster).find("waits for b1") != std::string::npos; }));
  for (int i = 0; i < 3; ++i)
    CHECK(client.command({"GET", "k" + std::to_string(i)}).kind == Reply::kError);

  cluster.restart("b1");
  REQUIRE(becomes_whole(cluster));
  for (int i = 0; i < 20; ++i)
    CHECK(client.command({"GET", "k" + std::to_string(i)}) == Reply::bulk("new"));
}

}  // namespace
}  // namespace doris::integration

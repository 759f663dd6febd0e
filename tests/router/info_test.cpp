#include "router/info.h"

#include <catch2/catch.hpp>

namespace doris::router {
namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("INFO has Redis's sections in Redis's form, and one of Doris's own") {
  InfoFacts facts;
  facts.port = 6380;
  facts.uptime_s = 90'000;
  facts.epoch = 12;
  facts.admin = "127.0.0.1:6400";
  const std::string text = info_text(facts, {});
  for (const char* section : {"Server", "Clients", "Memory", "Persistence", "Stats", "Replication",
                              "CPU", "Cluster", "Doris"}) {
    CHECK(has(text, std::string("# ") + section + "\r\n"));
  }
  CHECK(has(text, "tcp_port:6380\r\n"));
  CHECK(has(text, "uptime_in_seconds:90000\r\nuptime_in_days:1\r\n"));
  CHECK(has(text, "epoch:12\r\n"));
  CHECK(has(text, "admin:127.0.0.1:6400\r\n"));
  CHECK(has(text, "role:master\r\n"));
  CHECK(has(text, "\r\n\r\n# Clients\r\n"));
}

TEST_CASE("INFO shows the sections asked for, in its own order; unknown ones are nothing") {
  const std::string text = info_text({}, {"stats", "clients", "nothing"});
  CHECK(text.starts_with("# Clients\r\n"));
  CHECK(has(text, "\r\n\r\n# Stats\r\n"));
  CHECK_FALSE(has(text, "# Server"));
  CHECK(info_text({}, {"nothing"}).empty());
  const std::string word = GENERATE("all", "default", "everything");
  CHECK(has(info_text({}, {word}), "# Doris"));
}

TEST_CASE("INFO adds up what the workers have counted") {
  WorkerStats first;
  WorkerStats second;
  first.clients.add(2);
  second.clients.add(3);
  first.commands.add(10);
  second.keyspace_hits.add(7);
  second.backend_bytes.set(99);
  InfoFacts facts;
  facts.add(first);
  facts.add(second);
  const std::string text = info_text(facts, {});
  CHECK(has(text, "connected_clients:5\r\n"));
  CHECK(has(text, "total_commands_processed:10\r\n"));
  CHECK(has(text, "keyspace_hits:7\r\n"));
  CHECK(has(text, "backend_bytes_waiting:99\r\n"));
}

TEST_CASE("INFO keyspace is the line of Redis's without databases") {
  CHECK(info_text({}, {"keyspace"}) == "# Keyspace\r\n");
  CHECK(has(info_text({}, {}), "\r\n\r\n# Keyspace\r\n\r\n# Doris"));
}

}  // namespace
}  // namespace doris::router

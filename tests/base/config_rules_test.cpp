#include <catch2/catch.hpp>

#include "base/config.h"

namespace doris {
namespace {

constexpr std::string_view kNamed = "node-name a1\n";  // What every data server needs.

std::vector<Status> complaints(Program program, std::string_view text) {
  Config config;
  for (const Status& error : config.load_text(text, "doris.conf"))
    FAIL(error.message());
  return config.validate(program);
}

bool fits(Program program, std::string_view text) {
  return complaints(program, text).empty();
}

std::string complaint(Program program, std::string_view text) {
  const std::vector<Status> all = complaints(program, text);
  REQUIRE_FALSE(all.empty());
  REQUIRE(all.front().code() == Code::kInvalid);
  return all.front().message();
}

std::string server_complaint(std::string_view text) {
  return complaint(Program::kServer, std::string(kNamed) + std::string(text));
}

}  // namespace

TEST_CASE("The defaults fit together; a data server needs a name besides") {
  REQUIRE(fits(Program::kRouter, ""));
  REQUIRE(fits(Program::kAdmin, ""));
  REQUIRE(fits(Program::kServer, kNamed));
  REQUIRE_THAT(complaint(Program::kServer, ""), Catch::Contains("set node-name"));
}

TEST_CASE("The pause between attempts grows from min to max") {
  REQUIRE(fits(Program::kRouter, "reconnect-backoff-min 1s\n"));
  REQUIRE(complaint(Program::kRouter, "reconnect-backoff-min 2s\n") ==
          "reconnect-backoff-max (1s, default) is below reconnect-backoff-min (2s, doris.conf:1): "
          "the pause grows from "
          "min to max; raise reconnect-backoff-max or lower reconnect-backoff-min");
}

TEST_CASE("A silent server is reported before its requests are given up") {
  REQUIRE(fits(Program::kRouter, "request-timeout 300ms\n"));
  REQUIRE_THAT(complaint(Program::kRouter, "request-timeout 200ms\n"),
               Catch::Contains("raise request-timeout or lower backend-suspect-after"));
}

TEST_CASE("A client is made to wait before it is closed") {
  REQUIRE_THAT(complaint(Program::kRouter, "client-output-pause 257mb\n"),
               Catch::StartsWith("client-output-buffer-limit (256mb, default) is below "
                                 "client-output-pause (257mb, doris.conf:1)"));
}

TEST_CASE("The largest value can be read and written") {
  REQUIRE(fits(Program::kRouter, "proto-max-bulk-len 256mb\n"));
  REQUIRE_THAT(complaint(Program::kRouter, "proto-max-bulk-len 257mb\n"),
               Catch::Contains("raise client-output-buffer-limit"));
  REQUIRE_THAT(
      complaint(Program::kRouter, "proto-max-bulk-len 300mb\nclient-output-buffer-limit 300mb\n"),
      Catch::Contains("raise backend-queue-limit"));
}

TEST_CASE("A nearly full disk has room for two new log files") {
  REQUIRE(fits(Program::kServer, std::string(kNamed) + "log-segment-size 256mb\n"));
  REQUIRE(server_complaint("log-segment-size 257mb\n") ==
          "disk-free-min (512mb, default) is below 2 x log-segment-size (257mb, doris.conf:2): a "
          "checkpoint on a nearly "
          "full disk still needs room for new log files; raise disk-free-min or lower "
          "log-segment-size");
}

TEST_CASE("Each server of a new cluster can own a virtual node") {
  REQUIRE(fits(Program::kAdmin, "vnodes 3\ninitial-servers-per-group 3\n"));
  REQUIRE(complaint(Program::kAdmin, "vnodes 3\ninitial-servers-per-group 4\n") ==
          "vnodes (3, doris.conf:1) is below initial-servers-per-group (4, doris.conf:2): each "
          "server owns one virtual node "
          "or more; raise vnodes or lower initial-servers-per-group");
}

TEST_CASE("A server that listens everywhere says where it is reached") {
  REQUIRE_THAT(server_complaint("bind 0.0.0.0\n"), Catch::Contains("set announce-host"));
  REQUIRE_THAT(server_complaint("bind ::\n"), Catch::Contains("set announce-host"));
  REQUIRE(fits(Program::kServer, std::string(kNamed) + "bind ::\nannounce-host 10.0.0.1\n"));
  REQUIRE(fits(Program::kRouter, "bind 0.0.0.0\n"));
}

TEST_CASE("A cache is left to the machine's size or large enough for every shard") {
  REQUIRE(fits(Program::kServer, std::string(kNamed) + "cache-size 16mb\n"));
  REQUIRE_THAT(server_complaint("cache-size 15mb\n"),
               Catch::Contains("cache-size (15mb, doris.conf:2)"));
}

TEST_CASE("All that does not fit is told at once") {
  const auto all = complaints(Program::kServer, "bind ::\ncache-size 1mb\nlog-segment-size 1gb\n");
  REQUIRE(all.size() == 4);
  REQUIRE_THAT(all[0].message(), Catch::StartsWith("disk-free-min (512mb, default) is below"));
  REQUIRE_THAT(all[1].message(), Catch::StartsWith("node-name (default) is empty"));
  REQUIRE_THAT(all[2].message(), Catch::StartsWith("bind (::, doris.conf:1) is every address"));
  REQUIRE_THAT(all[3].message(), Catch::StartsWith("cache-size (1mb, doris.conf:2) is too small"));
}

TEST_CASE("A program is not asked to fit what it does not read") {
  const std::string_view wrong_for_a_router = "reconnect-backoff-min 2s\n";
  REQUIRE_FALSE(fits(Program::kRouter, wrong_for_a_router));
  REQUIRE(fits(Program::kAdmin, wrong_for_a_router));
  REQUIRE(fits(Program::kServer, std::string(kNamed) + std::string(wrong_for_a_router)));
}

}  // namespace doris

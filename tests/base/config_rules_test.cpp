#include <catch2/catch.hpp>

#include "base/config.h"

namespace doris {
namespace {

constexpr std::string_view kNamed = "node-name a1\n";  // What every data server needs.

Status verdict(Program program, std::string_view text) {
  Config config;
  const Status loaded = config.load_text(text, "doris.conf");
  INFO(loaded.message());
  REQUIRE(loaded.ok());
  return config.validate(program);
}

std::string complaint(Program program, std::string_view text) {
  const Status status = verdict(program, text);
  REQUIRE(status.code() == Code::kInvalid);
  return status.message();
}

std::string server_complaint(std::string_view text) {
  return complaint(Program::kServer, std::string(kNamed) + std::string(text));
}

}  // namespace

TEST_CASE("The defaults fit together; a data server needs a name besides") {
  REQUIRE(verdict(Program::kRouter, "").ok());
  REQUIRE(verdict(Program::kAdmin, "").ok());
  REQUIRE(verdict(Program::kServer, kNamed).ok());
  REQUIRE_THAT(complaint(Program::kServer, ""), Catch::Contains("set node-name"));
}

TEST_CASE("The pause between attempts grows from min to max") {
  REQUIRE(verdict(Program::kRouter, "reconnect-backoff-min 1s\n").ok());
  REQUIRE(complaint(Program::kRouter, "reconnect-backoff-min 2s\n") ==
          "reconnect-backoff-max (1s) is below reconnect-backoff-min (2s): the pause grows from "
          "min to max; raise reconnect-backoff-max or lower reconnect-backoff-min");
}

TEST_CASE("A silent server is reported before its requests are given up") {
  REQUIRE(verdict(Program::kRouter, "request-timeout 300ms\n").ok());
  REQUIRE_THAT(complaint(Program::kRouter, "request-timeout 200ms\n"),
               Catch::Contains("raise request-timeout or lower backend-suspect-after"));
}

TEST_CASE("A client is made to wait before it is closed") {
  REQUIRE_THAT(complaint(Program::kRouter, "client-output-pause 257mb\n"),
               Catch::StartsWith("client-output-buffer-limit (256mb) is below "
                                 "client-output-pause (257mb)"));
}

TEST_CASE("The largest value can be read and written") {
  REQUIRE(verdict(Program::kRouter, "proto-max-bulk-len 256mb\n").ok());
  REQUIRE_THAT(complaint(Program::kRouter, "proto-max-bulk-len 257mb\n"),
               Catch::Contains("raise client-output-buffer-limit"));
  REQUIRE_THAT(
      complaint(Program::kRouter, "proto-max-bulk-len 300mb\nclient-output-buffer-limit 300mb\n"),
      Catch::Contains("raise backend-queue-limit"));
}

TEST_CASE("A nearly full disk has room for two new log files") {
  REQUIRE(verdict(Program::kServer, std::string(kNamed) + "log-segment-size 256mb\n").ok());
  REQUIRE(server_complaint("log-segment-size 257mb\n") ==
          "disk-free-min (512mb) is below 2 x log-segment-size (257mb): a checkpoint on a nearly "
          "full disk still needs room for new log files; raise disk-free-min or lower "
          "log-segment-size");
}

TEST_CASE("Each server of a new cluster can own a virtual node") {
  REQUIRE(verdict(Program::kAdmin, "vnodes 3\ninitial-servers-per-group 3\n").ok());
  REQUIRE(complaint(Program::kAdmin, "vnodes 3\ninitial-servers-per-group 4\n") ==
          "vnodes (3) is below initial-servers-per-group (4): each server owns one virtual node "
          "or more; raise vnodes or lower initial-servers-per-group");
}

TEST_CASE("A server that listens everywhere says where it is reached") {
  REQUIRE_THAT(server_complaint("bind 0.0.0.0\n"), Catch::Contains("set announce-host"));
  REQUIRE_THAT(server_complaint("bind ::\n"), Catch::Contains("set announce-host"));
  REQUIRE(
      verdict(Program::kServer, std::string(kNamed) + "bind ::\nannounce-host 10.0.0.1\n").ok());
  REQUIRE(verdict(Program::kRouter, "bind 0.0.0.0\n").ok());
}

TEST_CASE("A cache is left to the machine's size or large enough for every shard") {
  REQUIRE(verdict(Program::kServer, std::string(kNamed) + "cache-size 16mb\n").ok());
  REQUIRE_THAT(server_complaint("cache-size 15mb\n"), Catch::Contains("cache-size (15mb)"));
}

TEST_CASE("A program is not asked to fit what it does not read") {
  const std::string_view wrong_for_a_router = "reconnect-backoff-min 2s\n";
  REQUIRE_FALSE(verdict(Program::kRouter, wrong_for_a_router).ok());
  REQUIRE(verdict(Program::kAdmin, wrong_for_a_router).ok());
  REQUIRE(verdict(Program::kServer, std::string(kNamed) + std::string(wrong_for_a_router)).ok());
}

}  // namespace doris

// Redis's own tools, as they come: redis-cli and redis-benchmark.
#include <catch2/catch.hpp>

#include "tests/integration/cluster.h"

namespace doris::integration {
namespace {

using Catch::Contains;

Outcome redis_cli(const Cluster& cluster, std::vector<std::string> words,
                  const std::string& input = "") {
  std::vector<std::string> argv = {"redis-cli", "-h", "127.0.0.1", "-p",
                                   std::to_string(cluster.port("router-1"))};
  argv.insert(argv.end(), words.begin(), words.end());
  return run(argv, input);
}

TEST_CASE("redis-cli --pipe loads ten thousand keys without an error") {
  const Cluster cluster;
  std::string input;
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = "key:" + std::to_string(i);
    input += "*3\r\n$3\r\nSET\r\n$" + std::to_string(key.size()) + "\r\n" + key + "\r\n$1\r\nv\r\n";
  }

  const Outcome outcome = redis_cli(cluster, {"--pipe"}, input);

  CHECK(outcome.status == 0);
  CHECK_THAT(outcome.output, Contains("errors: 0, replies: 10000"));
  CHECK(redis_cli(cluster, {"dbsize"}).output == "10000\n");
}

TEST_CASE("redis-cli reads commands from its input, and speaks RESP3") {
  const Cluster cluster;
  const std::string input = "set k v\nget k\nget absent\nselect 3\nget k\n";
  CHECK(redis_cli(cluster, {}, input).output == "OK\nv\n\nOK\n\n");
  CHECK(redis_cli(cluster, {"-3"}, input).output == "OK\nv\n\nOK\n\n");
  CHECK_THAT(redis_cli(cluster, {"-3", "hello"}).output, Contains("proto 3"));
}

TEST_CASE("redis-cli --stat reads INFO") {
  const Cluster cluster;
  // It never ends by itself, and would keep its output in a buffer.
  const Outcome outcome = run({"timeout", "2", "stdbuf", "-oL", "redis-cli", "-p",
                               std::to_string(cluster.port("router-1")), "--stat", "-i", "1"});
  CHECK_THAT(outcome.output, Contains("clients"));
  CHECK_THAT(outcome.output, !Contains("ERR"));
}

TEST_CASE("redis-benchmark runs its tests of SET, GET and MSET to the end") {
  const Cluster cluster;
  // Of 64 MSETs of each of 50 clients a machine that is slow enough would not get through the last
  // before request-timeout.
  for (const auto& [pipeline, clients] : {std::pair{"1", "50"}, {"16", "50"}, {"64", "12"}}) {
    INFO("in flight: " << pipeline);
    const Outcome outcome = run({"redis-benchmark", "-p", std::to_string(cluster.port("router-1")),
                                 "-t", "ping,set,get,mset", "-n", "5000", "-r", "10000", "-d",
                                 "100", "-P", pipeline, "-c", clients, "-q"});
    CHECK(outcome.status == 0);
    for (const char* line :
         {"PING_INLINE: ", "PING_MBULK: ", "SET: ", "GET: ", "MSET (10 keys): "}) {
      CHECK_THAT(outcome.output, Contains(line));
    }
    CHECK_THAT(outcome.output, !Contains("Error from server"));
  }
}

}  // namespace
}  // namespace doris::integration

// What a person gets who made a mistake: a program that does not start, and says why.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/cluster.h"
#include "tests/integration/files.h"

namespace doris::integration {
namespace {

using Catch::Contains;

const std::vector<std::string> kPrograms = {"doris-router", "doris-server", "doris-admin"};

// A start that should fail at once; what it says.
Outcome start(const std::string& name, const std::vector<std::string>& args) {
  std::vector<std::string> argv = {program(name)};
  argv.insert(argv.end(), args.begin(), args.end());
  return run(argv, "", Millis{10'000});
}

// The arguments with which local_cluster.sh starts the data server a1.
std::vector<std::string> arguments_of_a1(const Cluster& cluster) {
  return {"--bind",       "127.0.0.1",
          "--port",       std::to_string(cluster.port("a1")),
          "--admin",      "127.0.0.1:" + std::to_string(cluster.port("admin-1")),
          "--node-name",  "a1",
          "--group",      "a",
          "--server-dir", cluster.directory() + "/a1"};
}

TEST_CASE("a wrong line in the configuration is named by file, line and key") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/doris.conf";
  overwrite(path, "log-level info\nmaxclients plenty\n");

  // The router reads the key; the others know it, and what it may be.
  for (const std::string& name : kPrograms) {
    const Outcome outcome = start(name, {"--conf", path, "--test-conf"});
    INFO(name << ": " << outcome.output);
    CHECK(outcome.status != 0);
    CHECK_THAT(outcome.output, Contains(path + ":2") && Contains("maxclients"));
  }
}

TEST_CASE("an unknown key or flag is refused with the one that was meant") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/doris.conf";
  overwrite(path, "append-fsync always\n");
  CHECK_THAT(start("doris-server", {"--conf", path}).output, Contains("appendfsync"));

  const Outcome outcome = start("doris-router", {"--prot", "7000"});
  CHECK(outcome.status != 0);
  CHECK_THAT(outcome.output, Contains("--prot") && Contains("port"));
}

TEST_CASE("a missing configuration file is named") {
  for (const std::string& name : kPrograms) {
    const Outcome outcome = start(name, {"--conf", "/nowhere/doris.conf"});
    CHECK(outcome.status != 0);
    CHECK_THAT(outcome.output, Contains("/nowhere/doris.conf"));
  }
}

TEST_CASE("tools/bench.sh says that the directory it is to work in is not there") {
  const Outcome outcome =
      run({std::string(DORIS_SOURCE_DIR) + "/tools/bench.sh", "--dir", "/nonexistent/there"});
  CHECK(outcome.status == 2);
  CHECK_THAT(outcome.output, Catch::StartsWith("error: /nonexistent/there is no directory"));
}

TEST_CASE("the manual is a configuration that every program accepts") {
  for (const std::string& name : kPrograms) {
    std::vector<std::string> args = {"--conf", std::string(DORIS_SOURCE_DIR) + "/doris.conf",
                                     "--test-conf"};
    if (name == "doris-server") args.insert(args.end(), {"--node-name", "a1"});
    const Outcome outcome = start(name, args);
    INFO(name << ": " << outcome.output);
    CHECK(outcome.status == 0);
  }
}

TEST_CASE("every program tells its version and its flags") {
  for (const std::string& name : kPrograms) {
    CHECK_THAT(start(name, {"--version"}).output, Contains(name));
    CHECK_THAT(start(name, {"--help"}).output, Contains("--conf") && Contains("--log-level"));
  }
}

TEST_CASE("a port in use is named, and who holds it is left alone") {
  const Cluster cluster;
  const TemporaryDirectory directory;
  const std::string admin = "127.0.0.1:" + std::to_string(cluster.port("admin-1"));

  for (const char* taken : {"router-1", "a1", "admin-1"}) {
    const std::string port = std::to_string(cluster.port(taken));
    for (const std::string& name : kPrograms) {
      std::vector<std::string> args = {"--port", port};
      if (name != "doris-admin") args.insert(args.end(), {"--admin", admin});
      if (name == "doris-admin") args.insert(args.end(), {"--admin-dir", directory.path() + "/x"});
      if (name == "doris-server") {
        args.insert(args.end(), {"--node-name", "x", "--server-dir", directory.path() + "/y"});
      }
      const Outcome outcome = start(name, args);
      INFO(name << " on the port of " << taken << ": " << outcome.output);
      CHECK(outcome.status != 0);
      CHECK(outcome.status < 128);
      CHECK_THAT(outcome.output, Contains(port));
    }
  }
  CHECK_FALSE(std::filesystem::exists(directory.path() + "/x"));  // No cluster was made.
  RedisClient client = cluster.client();
  CHECK(client.command({"SET", "k", "v"}).ok());
}

TEST_CASE("a data directory serves one data server at a time") {
  const Cluster cluster;
  std::vector<std::string> args = arguments_of_a1(cluster);
  args[3] = std::to_string(free_ports());

  const Outcome outcome = start("doris-server", args);

  CHECK(outcome.status != 0);
  CHECK_THAT(outcome.output, Contains(cluster.directory() + "/a1"));
  RedisClient client = cluster.client();
  CHECK(client.command({"SET", "k", "v"}).ok());
}

TEST_CASE("a data directory of another data server is refused") {
  Cluster cluster;
  cluster.kill("a1");
  std::vector<std::string> args = arguments_of_a1(cluster);
  args[7] = "other";

  const Outcome outcome = start("doris-server", args);

  CHECK(outcome.status != 0);
  CHECK_THAT(outcome.output, Contains("a1") && Contains("other"));
}

TEST_CASE("a data directory of a newer format is refused, and left as it is") {
  Cluster cluster;
  RedisClient client = cluster.client();
  REQUIRE(client.command({"SET", "k", "v"}).ok());
  cluster.kill("a1");
  const std::string path = cluster.directory() + "/a1/doris.store";
  const std::string manifest = contents(path);
  const size_t version = manifest.find('1');
  REQUIRE(version < manifest.find('\n'));
  std::string newer = manifest;
  newer.replace(version, 1, "999");
  overwrite(path, newer);

  const Outcome outcome = start("doris-server", arguments_of_a1(cluster));
  CHECK(outcome.status != 0);
  CHECK_THAT(outcome.output, Contains("999") && Contains(cluster.directory() + "/a1"));
  CHECK(contents(path) == newer);

  overwrite(path, manifest);
  cluster.restart("a1");
  cluster.await_service();
  RedisClient again = cluster.client();
  CHECK(again.command({"GET", "k"}) == Reply::bulk("v"));
}

TEST_CASE("a damaged manifest of a data directory is refused and named") {
  Cluster cluster;
  cluster.kill("a1");
  const std::string path = cluster.directory() + "/a1/doris.store";
  overwrite(path, "who wrote this?\n");

  const Outcome outcome = start("doris-server", arguments_of_a1(cluster));

  CHECK(outcome.status != 0);
  CHECK_THAT(outcome.output, Contains(path));
}

}  // namespace
}  // namespace doris::integration

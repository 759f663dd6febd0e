#include "base/command_line.h"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "tests/base/captured_output.h"
#include "tests/base/scratch_directory.h"

namespace doris {
namespace {

struct Outcome {
  CommandLine line;
  std::string out;
  std::string errors;
};

Outcome run(Program program, const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"doris"};
  for (const std::string& argument : arguments)
    argv.push_back(argument.c_str());
  CapturedOutput out(STDOUT_FILENO);
  CapturedOutput errors(STDERR_FILENO);
  CommandLine line = parse_command_line(program, static_cast<int>(argv.size()), argv.data());
  return {std::move(line), out.text(), errors.text()};
}

Config config_of(Program program, const std::vector<std::string>& arguments) {
  const Outcome outcome = run(program, arguments);
  INFO(outcome.errors);
  REQUIRE_FALSE(outcome.line.exit_code.has_value());
  REQUIRE(outcome.out.empty());
  REQUIRE(outcome.errors.empty());
  return outcome.line.config;
}

// What is printed for a command line that is refused.
std::string refusal(Program program, const std::vector<std::string>& arguments) {
  const Outcome outcome = run(program, arguments);
  REQUIRE(outcome.line.exit_code == 1);
  REQUIRE(outcome.out.empty());
  return outcome.errors;
}

}  // namespace

TEST_CASE("Without arguments a program runs with the defaults") {
  REQUIRE(config_of(Program::kRouter, {}).integer("router-port") == 6379);
  REQUIRE(config_of(Program::kAdmin, {}).integer("admin-port") == 6400);
}

TEST_CASE("Every key that a program reads is a flag, with a space or an equals sign") {
  for (const Program program : {Program::kRouter, Program::kServer, Program::kAdmin}) {
    std::vector<std::string> apart;
    std::vector<std::string> joined;
    for (const ConfigKey& key : config_table()) {
      if (!key.read_by(program)) continue;
      const std::string value(key.name == "node-name" ? "a1" : key.initial);
      apart.insert(apart.end(), {"--" + std::string(key.name), value});
      joined.push_back("--" + std::string(key.name) + "=" + value);
    }
    REQUIRE(config_of(program, apart).text("log-level") == "info");
    REQUIRE(config_of(program, joined).text("log-file").empty());
  }
}

TEST_CASE("What a refusal quotes cannot drive the terminal that shows it") {
  REQUIRE_THAT(refusal(Program::kRouter, {"--a\x1b]b"}), Catch::Contains("a\\x1b]b"));
  REQUIRE(refusal(Program::kRouter, {"--maxclients", "\x1b[2J\n7"}) ==
          "doris-router: command line: maxclients: '\\x1b[2J\\x0a7' is not a whole number; write 1 "
          "to 1000000\n");
}

TEST_CASE("--port is short for the program's own port") {
  REQUIRE(config_of(Program::kRouter, {"--port", "1234"}).integer("router-port") == 1234);
  REQUIRE(config_of(Program::kAdmin, {"--port=1234"}).integer("admin-port") == 1234);
  const Config server = config_of(Program::kServer, {"--port", "1234", "--node-name", "a1"});
  REQUIRE(server.integer("server-port") == 1234);
}

TEST_CASE("A yes|no key may be given bare, and with its value") {
  REQUIRE(config_of(Program::kAdmin, {"--allow-same-machine"}).is_yes("allow-same-machine"));
  REQUIRE(config_of(Program::kAdmin, {"--allow-same-machine", "yes"}).is_yes("allow-same-machine"));
  REQUIRE_FALSE(
      config_of(Program::kAdmin, {"--allow-same-machine", "no"}).is_yes("allow-same-machine"));
  const Config followed = config_of(Program::kAdmin, {"--allow-same-machine", "--vnodes", "7"});
  REQUIRE(followed.is_yes("allow-same-machine"));
  REQUIRE(followed.integer("vnodes") == 7);
  REQUIRE_THAT(refusal(Program::kAdmin, {"--allow-same-machine", "maybe"}),
               Catch::Contains("write yes or no"));
}

TEST_CASE("The last of several equal flags wins") {
  REQUIRE(config_of(Program::kAdmin, {"--vnodes", "1", "--vnodes", "2"}).integer("vnodes") == 2);
  REQUIRE(config_of(Program::kAdmin, {"--allow-same-machine", "--allow-same-machine", "no"})
              .text("allow-same-machine") == "no");
}

TEST_CASE("An empty value is a value") {
  const Config config = config_of(Program::kAdmin, {"--log-file=", "--vnodes", "7"});
  REQUIRE(config.text("log-file").empty());
  REQUIRE(config.integer("vnodes") == 7);
  REQUIRE(config_of(Program::kAdmin, {"--log-file", ""}).text("log-file").empty());
}

TEST_CASE("Values are taken as they are, whatever they start with") {
  REQUIRE(config_of(Program::kAdmin, {"--log-file", "[a,b]"}).text("log-file") == "[a,b]");
  REQUIRE(config_of(Program::kAdmin, {"--log-file", "a=b \"c\""}).text("log-file") == "a=b \"c\"");
  REQUIRE(config_of(Program::kRouter, {"--admin", "[::1]:1"}).text("admin") == "[::1]:1");
  REQUIRE(refusal(Program::kRouter, {"--router-threads", "-1"}) ==
          "doris-router: command line: router-threads: -1 is out of range; write 0 to 64\n");
}

TEST_CASE("The command line overrides the file, in whatever order they are given") {
  const ScratchDirectory directory;
  const std::string conf = directory.write("doris.conf", "vnodes 7\nadmin-port 1000\n");
  for (const auto& arguments : {std::vector<std::string>{"--conf", conf, "--vnodes", "8"},
                                {"--vnodes=8", "--conf=" + conf}}) {
    const Config config = config_of(Program::kAdmin, arguments);
    REQUIRE(config.integer("vnodes") == 8);
    REQUIRE(config.integer("admin-port") == 1000);
  }
}

TEST_CASE("One file serves all programs, each ignoring what it does not read") {
  const ScratchDirectory directory;
  const std::string conf = directory.write("doris.conf", "vnodes 7\nrouter-port 1000\n");
  REQUIRE(config_of(Program::kRouter, {"--conf", conf}).integer("router-port") == 1000);
  REQUIRE(config_of(Program::kAdmin, {"--conf", conf}).integer("vnodes") == 7);
}

TEST_CASE("An error in the file names its line") {
  const ScratchDirectory directory;
  const std::string conf = directory.write("doris.conf", "\nvnodes none\n");
  REQUIRE(refusal(Program::kAdmin, {"--conf", conf}) ==
          "doris-admin: " + conf + ":2: vnodes: 'none' is not a whole number; write 1 to 65535\n");
  REQUIRE_THAT(refusal(Program::kAdmin, {"--conf", directory.file("none")}),
               Catch::Contains("No such file or directory"));
}

TEST_CASE("All errors of file and command line are told, each on a line of its own") {
  const ScratchDirectory directory;
  const std::string conf = directory.write("doris.conf", "vnodes 0\nnodes 7\n");
  const std::string text = refusal(Program::kAdmin, {"--conf", conf, "--admin-port", "x"});
  REQUIRE(text ==
          "doris-admin: " + conf + ":1: vnodes: 0 is out of range; write 1 to 65535\n" +
              "doris-admin: " + conf +
              ":2: nodes: there is no such key; did you mean 'vnodes'?\n"
              "doris-admin: command line: admin-port: 'x' is not a whole number; write 0 to "
              "65535\n");
}

TEST_CASE("A file that was never meant to be read does not fill the screen") {
  const ScratchDirectory directory;
  std::string poem;
  for (int i = 0; i < 1000; ++i)
    poem += "Shall I compare thee to a summer's day\n";
  const std::string text = refusal(Program::kAdmin, {"--conf", directory.write("poem", poem)});
  REQUIRE(std::ranges::count(text, '\n') == 21);
  REQUIRE_THAT(text, Catch::EndsWith("doris-admin: and 980 errors more\n"));
}

TEST_CASE("An unknown flag is refused with the nearest one, and --KEY of another program") {
  REQUIRE(refusal(Program::kRouter, {"--prot", "1"}) ==
          "doris-router: --prot: there is no such flag; did you mean '--port'?\n");
  REQUIRE(refusal(Program::kRouter, {"--maxclient=5"}) ==
          "doris-router: --maxclient: there is no such flag; did you mean '--maxclients'?\n");
  REQUIRE(refusal(Program::kServer, {"--DIR=/tmp"}) ==
          "doris-server: --DIR: there is no such flag; did you mean '--server-dir'?\n");
  REQUIRE(refusal(Program::kRouter, {"--requirepass", "secret"}) ==
          "doris-router: --requirepass: there is no such flag\n");
  REQUIRE(refusal(Program::kRouter, {"--vnodes", "5"}) ==
          "doris-router: --vnodes: doris-router does not read this setting\n");
}

TEST_CASE("A word that belongs to no flag is refused") {
  REQUIRE(refusal(Program::kRouter, {"doris.conf"}) ==
          "doris-router: 'doris.conf' is not a flag; flags start with --\n");
  REQUIRE(refusal(Program::kRouter, {"--port", "1", "2"}) ==
          "doris-router: '2' is not a flag; flags start with --\n");
  REQUIRE_THAT(refusal(Program::kRouter, {"-x"}), Catch::Contains("'-x' is not a flag"));
}

TEST_CASE("A flag without its value is refused") {
  REQUIRE(refusal(Program::kAdmin, {"--vnodes"}) == "doris-admin: --vnodes: a value is missing\n");
  REQUIRE(refusal(Program::kAdmin, {"--conf"}) == "doris-admin: --conf: a value is missing\n");
}

TEST_CASE("Values that do not fit together are refused at the start") {
  REQUIRE_THAT(refusal(Program::kRouter, {"--reconnect-backoff-min", "5s"}),
               Catch::StartsWith("doris-router: reconnect-backoff-max (1s, default) is below "
                                 "reconnect-backoff-min (5s, command line): "));
  REQUIRE_THAT(refusal(Program::kServer, {}), Catch::Contains("set node-name"));
}

TEST_CASE("--test-conf gives a verdict and starts nothing") {
  const Outcome good = run(Program::kRouter, {"--test-conf"});
  REQUIRE(good.line.exit_code == 0);
  REQUIRE(good.out == "doris-router: the configuration is right\n");
  REQUIRE(good.errors.empty());
  REQUIRE_THAT(refusal(Program::kRouter, {"--test-conf", "--port", "x"}),
               Catch::Contains("is not a whole number"));
  REQUIRE_THAT(refusal(Program::kRouter, {"--test-conf", "--reconnect-backoff-min", "5s"}),
               Catch::Contains("is below"));
}

TEST_CASE("--version prints the program and its version") {
  const Outcome outcome = run(Program::kServer, {"--version"});
  REQUIRE(outcome.line.exit_code == 0);
  REQUIRE(outcome.out == "doris-server " + std::string(doris_version()) + "\n");
}

TEST_CASE("--help explains every key that the program reads, in 80 columns") {
  for (const std::string flag : {"--help", "-h"}) {
    const Outcome outcome = run(Program::kRouter, {flag});
    REQUIRE(outcome.line.exit_code == 0);
    for (const ConfigKey& key : config_table()) {
      const std::string title = "\n  --" + std::string(key.name) + "\n";
      REQUIRE((outcome.out.find(title) != std::string::npos) == key.read_by(Program::kRouter));
    }
    REQUIRE_THAT(outcome.out, Catch::Contains("\n      Duration, 10ms to 10m; default 5s."));
    for (size_t begin = 0; begin < outcome.out.size();) {
      const size_t end = outcome.out.find('\n', begin);
      REQUIRE(end - begin <= 80);
      begin = end + 1;
    }
  }
}

}  // namespace doris

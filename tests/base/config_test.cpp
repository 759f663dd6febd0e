#include "base/config.h"

#include <catch2/catch.hpp>
#include <set>

#include "base/config_value.h"
#include "base/limits.h"
#include "tests/base/scratch_directory.h"

namespace doris {
namespace {

Config loaded(std::string_view text) {
  Config config;
  for (const Status& error : config.load_text(text, "doris.conf"))
    FAIL(error.message());
  return config;
}

// The errors for a text; whatever they are, no value has changed.
std::vector<std::string> errors(std::string_view text) {
  Config config;
  std::vector<std::string> messages;
  for (const Status& error : config.load_text(text, "doris.conf")) {
    REQUIRE(error.code() == Code::kInvalid);
    messages.push_back(error.message());
  }
  for (const ConfigKey& key : config_table()) {
    REQUIRE(config.shown(key.name) == Config().shown(key.name));
  }
  return messages;
}

// The error for a text that has one.
std::string error(std::string_view text) {
  const std::vector<std::string> all = errors(text);
  REQUIRE(all.size() == 1);
  return all.front();
}

}  // namespace

TEST_CASE("A new Config has the defaults of the table") {
  const Config config;
  REQUIRE(config.integer("router-port") == 6379);
  REQUIRE(config.bytes("proto-max-bulk-len") == kBulkBytesDefault);
  REQUIRE(config.integer("vnodes") == kVnodesDefault);
  REQUIRE(config.duration("heartbeat-interval") == Millis{100});
  REQUIRE(config.text("appendfsync") == "everysec");
  REQUIRE(config.text("log-file").empty());
  REQUIRE_FALSE(config.is_yes("allow-same-machine"));
}

TEST_CASE("Every key of the table is named once, read by a program, and explained") {
  std::set<std::string_view> names;
  for (const ConfigKey& key : config_table()) {
    INFO(key.name);
    REQUIRE(names.insert(key.name).second);
    REQUIRE(key.programs != 0);
    REQUIRE(key.reason.ends_with('.'));
    REQUIRE((key.type == ConfigKey::Type::kText) == (key.form != nullptr));
    REQUIRE((key.type == ConfigKey::Type::kChoice) == !key.choices.empty());
    REQUIRE(find_config_key(key.name) == &key);
  }
  REQUIRE(find_config_key("no-such-key") == nullptr);
}

TEST_CASE("The ends of every range, and every choice, can be set") {
  for (const ConfigKey& key : config_table()) {
    INFO(key.name);
    Config config;
    if (key.type == ConfigKey::Type::kText) continue;
    if (key.type == ConfigKey::Type::kChoice) {
      REQUIRE(config.set(key.name, key.choices.substr(0, key.choices.find('|')), "test").ok());
      REQUIRE_FALSE(config.set(key.name, key.choices, "test").ok());
      continue;
    }
    REQUIRE(config.set(key.name, std::to_string(key.min), "test").ok());
    REQUIRE(config.set(key.name, std::to_string(key.max), "test").ok());
    REQUIRE_FALSE(config.set(key.name, std::to_string(key.min - 1), "test").ok());
    REQUIRE_FALSE(config.set(key.name, std::to_string(key.max + 1), "test").ok());
    REQUIRE(config.shown(key.name) == std::to_string(key.max));
  }
}

TEST_CASE("A line sets a key, whatever the blanks around it") {
  const Config config = loaded("vnodes 100\n\t maxclients \t 7  \n\n   \nrequest-timeout\t2m");
  REQUIRE(config.integer("vnodes") == 100);
  REQUIRE(config.integer("maxclients") == 7);
  REQUIRE(config.duration("request-timeout") == Millis{120000});
}

TEST_CASE("Comments stand alone or after a value, and a # within a word is no comment") {
  const Config config = loaded(
      "# vnodes 5\n"
      "   # more\n"
      "#\n"
      "vnodes 100 # few\n"
      "maxclients 7\t#few\n"
      "log-file /tmp/log#1\n");
  REQUIRE(config.integer("vnodes") == 100);
  REQUIRE(config.integer("maxclients") == 7);
  REQUIRE(config.text("log-file") == "/tmp/log#1");
}

TEST_CASE("A text in double quotes keeps its spaces and marks") {
  REQUIRE(loaded("log-file \"/tmp/my log # 1\" # here\n").text("log-file") == "/tmp/my log # 1");
  REQUIRE(loaded("log-file \"  \"").text("log-file") == "  ");
  REQUIRE(loaded("log-file /tmp/a\nlog-file \"\"\n").text("log-file").empty());
  REQUIRE(loaded("vnodes \"12\"").integer("vnodes") == 12);
  REQUIRE(loaded("log-file it\"s").text("log-file") == "it\"s");
}

TEST_CASE("Lines may end as they do on Windows") {
  const Config config = loaded("vnodes 100\r\n# why\r\n\r\nlog-file \"a b\"\r\nmaxclients 7\r");
  REQUIRE(config.integer("vnodes") == 100);
  REQUIRE(config.text("log-file") == "a b");
  REQUIRE(config.integer("maxclients") == 7);
}

TEST_CASE("A later line wins, and a later load wins over an earlier one") {
  Config config = loaded("vnodes 1\nvnodes 2\n");
  REQUIRE(config.integer("vnodes") == 2);
  REQUIRE(config.load_text("maxclients 3", "second").empty());
  REQUIRE(config.integer("vnodes") == 2);
  REQUIRE(config.set("vnodes", "4", "--vnodes").ok());
  REQUIRE(config.integer("vnodes") == 4);
}

TEST_CASE("An error names the file, the line and the key, and what would be right") {
  REQUIRE(error("vnodes 1\n\n# why\nmaxclients 0\n") ==
          "doris.conf:4: maxclients: 0 is out of range; write 1 to 1000000");
  REQUIRE(error("request-timeout soon") ==
          "doris.conf:1: request-timeout: 'soon' is not a duration (a whole number and ms, s, m "
          "or h); write 10ms to 10m");
  REQUIRE(error("appendfsync sometimes") ==
          "doris.conf:1: appendfsync: 'sometimes' is not a choice; write always, everysec or no");
}

TEST_CASE("All errors of a text are told at once, in the order of its lines") {
  REQUIRE(errors("vnodes none\nmaxclients 7\nbind\nnodes 1\n") ==
          std::vector<std::string>{
              "doris.conf:1: vnodes: 'none' is not a whole number; write 1 to 65535",
              "doris.conf:3: bind: a value is missing (\"\" is the empty one)",
              "doris.conf:4: nodes: there is no such key; did you mean 'vnodes'?"});
}

TEST_CASE("A Config knows where each value is from") {
  Config config = loaded("\nvnodes 5\nmaxclients 3\n");
  REQUIRE(config.origin("vnodes") == "doris.conf:2");
  REQUIRE(config.set("maxclients", "4", "command line").ok());
  REQUIRE(config.origin("maxclients") == "command line");
  REQUIRE_FALSE(config.set("vnodes", "0", "command line").ok());
  REQUIRE(config.origin("vnodes") == "doris.conf:2");
  REQUIRE(config.origin("bind") == "default");
}

TEST_CASE("An unknown key is an error that names the nearest key") {
  REQUIRE(error("\nrequest-timout 5s") ==
          "doris.conf:2: request-timout: there is no such key; did you mean 'request-timeout'?");
  REQUIRE(error("requirepass secret") == "doris.conf:1: requirepass: there is no such key");
  REQUIRE(error("MAXCLIENTS 5") ==
          "doris.conf:1: MAXCLIENTS: there is no such key; did you mean 'maxclients'?");
}

TEST_CASE("A key of Redis that each program has for itself is answered with all of them") {
  REQUIRE(error("port 6379") ==
          "doris.conf:1: port: there is no such key; did you mean 'router-port', 'server-port' or "
          "'admin-port'?");
  REQUIRE(error("dir /var/lib/redis") ==
          "doris.conf:1: dir: there is no such key; did you mean 'server-dir' or 'admin-dir'?");
}

TEST_CASE("A line without a value, with two, or with an open quote is an error") {
  REQUIRE(error("vnodes") == "doris.conf:1: vnodes: a value is missing (\"\" is the empty one)");
  REQUIRE_THAT(error("vnodes   # 5"), Catch::Contains("vnodes: a value is missing"));
  REQUIRE(error("log-file my log") ==
          "doris.conf:1: log-file: more than one value; put double quotes around one with spaces");
  REQUIRE_THAT(error("log-file \"a\"b"), Catch::Contains("more than one value"));
  REQUIRE(error("log-file \"a b") == "doris.conf:1: log-file: the closing '\"' is missing");
  REQUIRE_THAT(errors("log-file \"a\nb\"").front(), Catch::Contains("closing"));
}

TEST_CASE("Nothing of a text with an error takes effect") {
  Config config = loaded("vnodes 7");
  REQUIRE(config.load_text("vnodes 8\nmaxclients 9\nvnodes none\n", "second").size() == 1);
  REQUIRE(config.integer("vnodes") == 7);
  REQUIRE(config.integer("maxclients") == 10000);
  REQUIRE_FALSE(config.set("vnodes", "0", "--vnodes").ok());
  REQUIRE(config.integer("vnodes") == 7);
}

TEST_CASE("The error for one key starts with where it was set") {
  Config config;
  REQUIRE(config.set("vnodes", "0", "--vnodes").message() ==
          "--vnodes: vnodes: 0 is out of range; write 1 to 65535");
  REQUIRE(config.set("nodes", "1", "CONFIG SET").message() ==
          "CONFIG SET: nodes: there is no such key; did you mean 'vnodes'?");
}

TEST_CASE("A file is read as its text is, with its path in the errors") {
  const ScratchDirectory directory;
  Config config;
  REQUIRE(config.load_file(directory.write("good.conf", "vnodes 12\n")).empty());
  REQUIRE(config.integer("vnodes") == 12);

  const std::string bad = directory.write("bad.conf", "maxclients 5\nvnodes 0\n");
  const std::vector<Status> status = config.load_file(bad);
  REQUIRE(status.size() == 1);
  REQUIRE(status.front().message() == bad + ":2: vnodes: 0 is out of range; write 1 to 65535");
  REQUIRE(config.integer("maxclients") == 10000);
}

TEST_CASE("A file that is missing, a directory or endless is an error") {
  const ScratchDirectory directory;
  Config config;
  const Status missing = config.load_file(directory.file("none.conf")).at(0);
  REQUIRE(missing.code() == Code::kNotFound);
  REQUIRE(missing.message() == directory.file("none.conf") + ": No such file or directory");
  REQUIRE(config.load_file(directory.file("")).at(0).code() == Code::kIo);
  REQUIRE(config.load_file("/dev/zero").at(0).code() == Code::kInvalid);
}

TEST_CASE("CONFIG GET shows sizes in bytes and durations in milliseconds") {
  const Config config = loaded("proto-max-bulk-len 2kb\nrequest-timeout 3s\ngroup b\n");
  REQUIRE(config.shown("proto-max-bulk-len") == "2048");
  REQUIRE(config.shown("request-timeout") == "3000");
  REQUIRE(config.shown("group") == "b");
  REQUIRE(config.shown("log-file").empty());
}

TEST_CASE("What a Config shows can be set again") {
  const Config config;
  for (const ConfigKey& key : config_table()) {
    INFO(key.name);
    Config copy;
    REQUIRE(copy.set(key.name, config.shown(key.name), "test").ok());
    REQUIRE(copy.shown(key.name) == config.shown(key.name));
  }
}

}  // namespace doris

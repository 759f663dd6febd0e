// doris.conf is the manual of all settings; here it is held against the table.
#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/config_value.h"

namespace doris {
namespace {

// One setting of the manual: the comment right above it, as running text, and its line.
struct Entry {
  std::string comment;
  std::string line;
};

std::string manual_path() {
  return std::string(DORIS_SOURCE_DIR) + "/doris.conf";
}

std::vector<Entry> read_manual() {
  std::ifstream file(manual_path());
  REQUIRE(file);
  std::vector<Entry> entries;
  std::string comment;
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) {
      comment.clear();
    } else if (line.starts_with("# ")) {
      comment += (comment.empty() ? "" : " ") + line.substr(2);
    } else if (!line.starts_with('#')) {
      entries.push_back({comment, line});
      comment.clear();
    }
  }
  return entries;
}

Entry expected(const ConfigKey& key) {
  const std::string value(key.initial.empty() ? "\"\"" : key.initial);
  return {std::string(key.reason) + " " + describe(key), std::string(key.name) + " " + value};
}

}  // namespace

TEST_CASE("The manual lists every key in the table's order, with its default and its reason") {
  const std::vector<Entry> entries = read_manual();
  size_t next = 0;
  for (const ConfigKey& key : config_table()) {
    INFO("The table's key '" << key.name << "'");
    REQUIRE(next < entries.size());
    CHECK(entries[next].line == expected(key).line);
    CHECK(entries[next].comment == expected(key).comment);
    ++next;
  }
  REQUIRE(next == entries.size());
}

TEST_CASE("The manual as it stands changes nothing") {
  Config config;
  for (const Status& error : config.load_file(manual_path()))
    FAIL(error.message());
  for (const ConfigKey& key : config_table()) {
    REQUIRE(config.shown(key.name) == Config().shown(key.name));
  }
}

}  // namespace doris

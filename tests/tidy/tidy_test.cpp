// The rules of the house, held against every file of the tree.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/tidy/rules.h"

namespace doris::tidy {
namespace {

using Rule = Offences (*)(const SourceFile&);

const std::vector<SourceFile>& tree() {
  static const std::vector<SourceFile> files = load_sources(DORIS_SOURCE_DIR);
  return files;
}

Offences in_the_tree(Rule rule) {
  Offences all;
  for (const SourceFile& file : tree()) {
    for (const std::string& offence : rule(file))
      all.push_back(offence);
  }
  return all;
}

// How many offences `rule` finds in a file of that text.
size_t found(Rule rule, const std::string& path, std::string_view text) {
  return rule(source_file(path, text)).size();
}

const Offences kNone;

TEST_CASE("the tree under test is the whole project") {
  const auto has = [](std::string_view path) {
    return std::ranges::count(tree(), path, &SourceFile::path) == 1;
  };
  CHECK(has("CMakeLists.txt"));
  CHECK(has("base/net/loop.h"));
  CHECK(has("tests/tidy/tidy_test.cpp"));
}

TEST_CASE("includes go down only") {
  CHECK(found(upward_includes, "base/status.cpp", "#include \"resp/value.h\"\n") == 1);
  CHECK(found(upward_includes, "base/net/loop.h", "#include \"base/topology/topology.h\"\n") == 1);
  CHECK(found(upward_includes, "router/planner.cpp", "#include \"server/store.h\"\n") == 1);
  CHECK(found(upward_includes, "router/planner.cpp", "#include \"base/bdb/environment.h\"\n") == 1);
  CHECK(found(upward_includes, "admin/admin.cpp", "#include \"tests/support/x.h\"\n") == 1);
  CHECK(found(upward_includes, "server/shard.cpp", "#include \"resp/session.h\"\n") == 0);
  CHECK(in_the_tree(upward_includes) == kNone);
}

TEST_CASE("libuv, Berkeley DB, spdlog, CLI11 and hiredis stay in their rooms") {
  CHECK(found(unconfined_libraries, "server/shard.cpp", "#include <db.h>\n") == 1);
  CHECK(found(unconfined_libraries, "router/backend.cpp", "  #  include <uv.h>\n") == 1);
  CHECK(found(unconfined_libraries, "resp/client.cpp", "#include <hiredis/hiredis.h>\n") == 1);
  CHECK(found(unconfined_libraries, "base/net/uv_loop.cpp", "#include <uv.h>\n") == 0);
  CHECK(in_the_tree(unconfined_libraries) == kNone);
}

TEST_CASE("every file is named for what is in it") {
  CHECK(found(meaningless_names, "base/util.h", "") == 1);
  CHECK(found(meaningless_names, "server/common.cpp", "") == 1);
  CHECK(found(meaningless_names, "server/record.cpp", "") == 0);
  CHECK(in_the_tree(meaningless_names) == kNone);
}

TEST_CASE("every header may be included twice") {
  CHECK(found(unguarded_headers, "base/x.h", "int x();\n") == 1);
  CHECK(found(unguarded_headers, "base/x.h", "#pragma once\nint x();\n") == 0);
  CHECK(in_the_tree(unguarded_headers) == kNone);
}

TEST_CASE("files have at most 600 lines, and lines 100 columns") {
  std::string long_file;
  for (int i = 0; i < 601; ++i)
    long_file += "int x;\n";
  CHECK(found(excessive_lengths, "base/x.cpp", long_file) == 1);
  CHECK(found(excessive_lengths, "base/x.cpp", std::string(101, '/')) == 1);
  CHECK(found(excessive_lengths, "base/x.cpp", std::string(100, '/')) == 0);
  CHECK(in_the_tree(excessive_lengths) == kNone);
}

TEST_CASE("no tabs, carriage returns or spaces at the end of a line") {
  CHECK(found(stray_whitespace, "README.md", "a\tb\nc \nd\r\ne\n") == 3);
  CHECK(in_the_tree(stray_whitespace) == kNone);
}

TEST_CASE("nothing is left for later in a comment") {
  CHECK(found(unfinished_work, "base/x.h",
              "// TO"
              "DO: more\n") == 1);
  CHECK(in_the_tree(unfinished_work) == kNone);
}

TEST_CASE("no file names a folder of the machine it was written on") {
  CHECK(found(machine_paths, "README.md",
              "see /wo"
              "rk/main\n") == 1);
  CHECK(found(machine_paths, "README.md", "the network/home/ of all\n") == 0);
  CHECK(in_the_tree(machine_paths) == kNone);
}

}  // namespace
}  // namespace doris::tidy

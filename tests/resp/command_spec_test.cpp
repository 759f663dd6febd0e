// The replies expected here have the shapes of redis-server 7.0.15.
#include "resp/command_spec.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/resp/pieces.h"

namespace doris::resp {
namespace {

using Kind = Value::Kind;

constexpr CommandSpec kSpecs[] = {
    {"get", 2, "readonly fast", 1, 1, 1, "string", "1.0.0", "Get the value of a key", "key"},
    {"set", -3, "write denyoom", 1, 1, 1, "string", "1.0.0", "Set the value of a key",
     "key value [EX seconds] [GET]"},
    {"mset", -3, "write denyoom", 1, -1, 2, "string", "1.0.1", "Set many"},
    {"ping", -1, "fast", 0, 0, 0, "connection", "1.0.0", "Ping the server"},
};

std::string reply_bytes(std::vector<std::string_view> args, Protocol protocol) {
  args.insert(args.begin(), "COMMAND");
  Buffer out;
  write_command_reply(Writer(out, protocol), kSpecs, args);
  return std::string(out.view());
}

Value reply(std::vector<std::string_view> args, Protocol protocol = Protocol::kResp3) {
  const auto outcome = parse_replies(reply_bytes(std::move(args), protocol), {},
                                     {.bulk_bytes_max = 1024, .items_max = 100, .nesting_max = 8});
  CHECK(outcome.error == "");
  REQUIRE(outcome.items.size() == 1);
  return outcome.items[0];
}

TEST_CASE("arity is exact, or a minimum if negative") {
  CHECK(arity_fits(kSpecs[0], 2));
  CHECK_FALSE(arity_fits(kSpecs[0], 3));
  CHECK(arity_fits(kSpecs[1], 3));
  CHECK(arity_fits(kSpecs[1], 9));
  CHECK_FALSE(arity_fits(kSpecs[1], 2));
}

TEST_CASE("COMMAND INFO answers to the letter as Redis 7.0 does") {
  CHECK(reply_bytes({"INFO", "GET", "nope"}, Protocol::kResp2) ==
        "*2\r\n*10\r\n$3\r\nget\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n"
        "*3\r\n+@read\r\n+@string\r\n+@fast\r\n*0\r\n"
        "*1\r\n*6\r\n$5\r\nflags\r\n*2\r\n+RO\r\n+access\r\n$12\r\nbegin_search\r\n"
        "*4\r\n$4\r\ntype\r\n$5\r\nindex\r\n$4\r\nspec\r\n*2\r\n$5\r\nindex\r\n:1\r\n"
        "$9\r\nfind_keys\r\n*4\r\n$4\r\ntype\r\n$5\r\nrange\r\n$4\r\nspec\r\n*6\r\n"
        "$7\r\nlastkey\r\n:0\r\n$7\r\nkeystep\r\n:1\r\n$5\r\nlimit\r\n:0\r\n*0\r\n$-1\r\n");
  CHECK(reply_bytes({"INFO", "nope"}, Protocol::kResp3) == "*1\r\n_\r\n");
}

TEST_CASE("COMMAND without a word lists all") {
  const Value all = reply({});
  REQUIRE(all.items.size() == std::size(kSpecs));
  for (const Value& entry : all.items)
    CHECK(entry.items.size() == 10);
  CHECK(all.items[2].items[0].text == "mset");
  CHECK(all.items[2].items[4].integer == -1);
  CHECK((reply({"info"}) == all));
}

TEST_CASE("COMMAND COUNT and COMMAND LIST count and name") {
  CHECK(reply({"count"}).integer == 4);
  const Value names = reply({"LIST"});
  REQUIRE(names.items.size() == 4);
  CHECK(names.items[3].text == "ping");
}

TEST_CASE("COMMAND LIST names what a filter lets through") {
  const auto names = [](std::string_view by, std::string_view what) {
    std::vector<std::string> all;
    for (const Value& item : reply({"list", "FilterBy", by, what}).items)
      all.push_back(item.text);
    return all;
  };
  using Names = std::vector<std::string>;
  CHECK(names("pattern", "*SET") == Names{"set", "mset"});
  CHECK(names("PATTERN", "g[de]t") == Names{"get"});
  CHECK(names("pattern", "absent").empty());
  CHECK(names("aclcat", "String") == Names{"get", "set", "mset"});
  CHECK(names("aclcat", "fast") == Names{"get", "ping"});
  CHECK(names("aclcat", "@fast").empty());
  CHECK(names("aclcat", "absent").empty());
  CHECK(names("module", "json").empty());
  CHECK(reply_bytes({"list", "filterby", "module", "json"}, Protocol::kResp2) == "*0\r\n");
}

TEST_CASE("COMMAND DOCS gives redis-cli its hints, and leaves unknown names out") {
  const Value docs = reply({"docs", "SET", "nope"});
  REQUIRE(docs.is(Kind::kMap));
  REQUIRE(docs.items.size() == 2);
  const Value* set = docs.get("set");
  REQUIRE(set != nullptr);
  CHECK(set->get("summary")->text == "Set the value of a key");
  CHECK(set->get("group")->text == "string");
  const std::vector<Value>& arguments = set->get("arguments")->items;
  REQUIRE(arguments.size() == 4);
  CHECK(arguments[1].get("name")->text == "value");
  CHECK(arguments[1].get("flags") == nullptr);
  CHECK(arguments[2].get("name")->text == "EX seconds");
  CHECK(arguments[2].get("flags")->items[0].text == "optional");
  CHECK(reply({"docs"}).items.size() == 8);
}

TEST_CASE("COMMAND GETKEYS finds the keys of a command") {
  const Value keys = reply({"getkeys", "mset", "a", "1", "b", "2"});
  REQUIRE(keys.items.size() == 2);
  CHECK(keys.items[1].text == "b");
  CHECK(reply({"getkeys", "get", "k"}).items[0].text == "k");
  CHECK(reply({"getkeys", "nope"}).text == "ERR Invalid command specified");
  CHECK(reply({"getkeys", "ping"}).text == "ERR The command has no key arguments");
  CHECK(reply({"getkeys", "get"}).text == "ERR Invalid number of arguments specified for command");
}

TEST_CASE("what COMMAND does not know it refuses in Redis's words") {
  CHECK(reply({"nope"}).text == "ERR unknown subcommand 'nope'. Try COMMAND HELP.");
  CHECK(reply({"list", "x"}).text == "ERR syntax error");
  CHECK(reply({"list", "filterby"}).text == "ERR syntax error");
  CHECK(reply({"list", "filterby", "pattern"}).text == "ERR syntax error");
  CHECK(reply({"list", "filterby", "pattern", "a", "b"}).text == "ERR syntax error");
  CHECK(reply({"list", "filterby", "size", "1"}).text == "ERR syntax error");
  CHECK(reply({"list", "sortby", "pattern", "a"}).text == "ERR syntax error");
  CHECK(reply({"Count", "x"}).text == "ERR wrong number of arguments for 'command|count' command");
  CHECK(reply({"help"}).items.size() > 5);
}

}  // namespace
}  // namespace doris::resp

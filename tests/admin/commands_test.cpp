// What people and their tools see of the admin's commands.
#include <catch2/catch.hpp>

#include "admin/command_table.h"
#include "tests/admin/admin_fixture.h"

namespace doris::admin {
namespace {

using Catch::Contains;
using Catch::StartsWith;
using resp::Protocol;
using resp::Value;
using test::RunningAdmin;

TEST_CASE("DORIS.HELP lists every command that is for people") {
  RunningAdmin admin;
  const Value help = admin.ask({"DORIS.HELP"});
  std::vector<std::string> listed;
  for (const Value& row : help.items)
    listed.push_back(row.get("command")->text);
  for (const char* usage : {"DORIS.STATUS", "DORIS.NODES", "DORIS.ROUTE key", "DORIS.TOPOLOGY",
                            "DORIS.HISTORY [count]", "DORIS.LASTWRITE", "DORIS.HELP"}) {
    CHECK_THAT(listed, Catch::VectorContains(std::string(usage)));
  }
}

TEST_CASE("views are maps under RESP3 and lines under RESP2") {
  RunningAdmin admin;
  CHECK(admin.ask({"DORIS.STATUS"}).is(Value::Kind::kMap));
  const Value lines = admin.ask({"DORIS.STATUS"}, 1, Protocol::kResp2);
  REQUIRE(lines.is(Value::Kind::kArray));
  REQUIRE_FALSE(lines.items.empty());
  CHECK(lines.items[0].is(Value::Kind::kSimple));
  CHECK_THAT(lines.items[0].text, StartsWith("cluster:"));
  CHECK(admin.ask({"DORIS.TOPOLOGY"}, 1).items[0].text == "doris-topology 1");
}

TEST_CASE("DORIS.ROUTE says why there is no route yet") {
  RunningAdmin admin;
  const Value route = admin.ask({"DORIS.ROUTE", "key"});
  REQUIRE(route.is(Value::Kind::kError));
  CHECK_THAT(route.text, StartsWith("NOTREADY the cluster is forming"));
}

TEST_CASE("DORIS.LASTWRITE is for routers to answer") {
  RunningAdmin admin;
  const Value answer = admin.ask({"DORIS.LASTWRITE"});
  REQUIRE(answer.is(Value::Kind::kError));
  CHECK_THAT(answer.text, Contains("ask a router"));
}

TEST_CASE("DORIS.HISTORY shows as many entries as asked for") {
  RunningAdmin admin;
  (void)admin.register_server(admin.add_server("a1"));
  CHECK(admin.ask({"DORIS.HISTORY"}).items.size() == 2);
  CHECK(admin.ask({"DORIS.HISTORY", "1"}).items.size() == 1);
  for (const char* wrong : {"0", "-1", "1001", "x", ""}) {
    CHECK(admin.ask({"DORIS.HISTORY", wrong}).is(Value::Kind::kError));
  }
  CHECK(admin.ask({"DORIS.HISTORY", "1", "2"}).is(Value::Kind::kError));
}

TEST_CASE("an unknown command is answered in Redis's words and does not end the session") {
  RunningAdmin admin;
  CHECK_THAT(admin.ask({"GET", "key"}).text,
             StartsWith("ERR unknown command 'GET', with args beginning with: 'key'"));
  CHECK_THAT(admin.ask({"DORIS.ROUTE"}).text, Contains("wrong number of arguments"));
  CHECK_THAT(admin.ask({"DORIS.NODE"}).text, Contains("takes FAIL node"));
  CHECK_THAT(admin.ask({"DORIS.NODE", "HELP"}).text, Contains("takes FAIL node"));
  CHECK_THAT(admin.ask({"CLIENT", "KILL"}).text, StartsWith("ERR unknown subcommand"));
  CHECK_THAT(admin.ask({"CONFIG", "SET", "a", "b"}).text, StartsWith("ERR unknown subcommand"));
  CHECK(admin.ask({"PING"}).text == "PONG");
}

TEST_CASE("client libraries and monitoring tools find what they look for") {
  RunningAdmin admin;
  const Value hello = admin.ask({"HELLO", "3"});
  CHECK(hello.get("server")->text == "doris-admin");
  CHECK(hello.get("proto")->integer == 3);
  CHECK(admin.ask({"CLIENT", "ID"}).integer > 0);
  CHECK_THAT(admin.ask({"INFO"}).text, Contains("redis_version:7") && Contains("loading:0"));
  CHECK(admin.ask({"CONFIG", "GET"}).text ==
        "ERR wrong number of arguments for 'config|get' command");
  CHECK(admin.ask({"CONFIG", "HELP"}).items.size() == 5);
  CHECK(admin.ask({"CONFIG", "GET", "heartbeat-interval"}).get("heartbeat-interval")->text == "10");
  CHECK(admin.ask({"COMMAND", "COUNT"}).integer == static_cast<int64_t>(command_specs().size()));
}

TEST_CASE("every command has its own name") {
  std::vector<std::string_view> names;
  for (const Command& command : command_table())
    names.push_back(command.spec.name);
  std::ranges::sort(names);
  CHECK(std::ranges::adjacent_find(names) == names.end());
}

}  // namespace
}  // namespace doris::admin

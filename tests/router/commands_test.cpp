// What the commands mean, and Redis's own words for what is wrong with them.
#include "router/command_table.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "resp/words.h"
#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

std::string multibulk(const Lines& args) {
  Buffer bytes;
  resp::write_request(bytes, std::vector<std::string_view>(args.begin(), args.end()));
  return std::string(bytes.view());
}

TEST_CASE("commands that are not there are named, with what followed them") {
  RunningWorker router;
  CHECK(router.ask("FLUSHALL now") ==
        "-ERR unknown command 'FLUSHALL', with args beginning with: 'now' ");
  CHECK(router.ask(std::string(40, 'x')).starts_with("-ERR unknown command 'xxxx"));
}

TEST_CASE("every command says when its arguments are too few or too many") {
  RunningWorker router;
  CHECK(router.ask(Lines{"GET", "get a b", "SET a", "DEL", "MGET", "DBSIZE x", "ECHO", "SELECT"}) ==
        Lines{"-ERR wrong number of arguments for 'get' command",
              "-ERR wrong number of arguments for 'get' command",
              "-ERR wrong number of arguments for 'set' command",
              "-ERR wrong number of arguments for 'del' command",
              "-ERR wrong number of arguments for 'mget' command",
              "-ERR wrong number of arguments for 'dbsize' command",
              "-ERR wrong number of arguments for 'echo' command",
              "-ERR wrong number of arguments for 'select' command"});
  CHECK(router.ask("MSET a 1 b") == "-ERR wrong number of arguments for 'mset' command");
  CHECK(router.a.asked.empty());
}

TEST_CASE("an option of SET that Doris does not know is refused, not ignored") {
  RunningWorker router;
  CHECK(router.ask(Lines{"SET k v KEEPTTL", "SET k v EX 10", "SET k v w"}) ==
        Lines{"-ERR syntax error", "-ERR syntax error", "-ERR syntax error"});
  CHECK(router.a.asked.empty());
}

TEST_CASE("a key that is too long is refused, wherever it stands, and nothing is sent") {
  RunningWorker router;
  const std::string longest(kKeyBytesMax, 'k');
  const std::string refusal = "-ERR the key is too long: a key has at most 65536 bytes";
  FakeClient& client = router.client();
  client.send(multibulk({"GET", longest + "k"}));
  client.send(multibulk({"MSET", "a", "1", longest + "k", "2"}));
  client.send(multibulk({"GET", longest}));
  router.loop.settle();
  CHECK(router.replies() == Lines{refusal, refusal, "nil"});
  CHECK(router.a.asked.size() + router.b.asked.size() == 1);
}

TEST_CASE("keys and values are bytes") {
  RunningWorker router;
  const std::string odd("\0\r\n\xff", 4);
  router.client().send(multibulk({"SET", odd, odd}) + multibulk({"GET", odd}));
  router.loop.settle();
  CHECK(router.replies() == Lines{"+OK", "\"" + odd + "\""});
}

TEST_CASE("SELECT names one of the databases there are; their keys are apart") {
  RunningWorker router(Overrides{{"databases", "4"}});
  CHECK(router.ask(Lines{"SELECT 3", "SET k three", "SELECT 0", "GET k"}) ==
        Lines{"+OK", "+OK", "+OK", "nil"});
  CHECK(router.ask(Lines{"SELECT 4", "SELECT -1", "SELECT 99999999999", "SELECT x", "SELECT 01"}) ==
        Lines{"-ERR DB index is out of range", "-ERR DB index is out of range",
              "-ERR DB index is out of range", "-ERR value is not an integer or out of range",
              "-ERR value is not an integer or out of range"});
  CHECK(router.a.records.contains("3:k"));
}

TEST_CASE("PING and ECHO") {
  RunningWorker router;
  CHECK(
      router.ask(Lines{"ping", "PING hello", "PING a b", "ECHO \"a b\""}) ==
      Lines{"+PONG", "\"hello\"", "-ERR wrong number of arguments for 'ping' command", "\"a b\""});
}

TEST_CASE("MULTI is refused, and everything with it until EXEC or DISCARD") {
  RunningWorker router;
  const std::string end = GENERATE("EXEC", "DISCARD");
  const Lines replies = router.ask(Lines{"MULTI", "SET k v", "PING", end, "PING"});
  REQUIRE(replies.size() == 5);
  CHECK(replies[0] == "-ERR unknown command 'MULTI', with args beginning with: ");
  CHECK(replies[1].starts_with("-EXECABORT Doris does not support MULTI"));
  CHECK(replies[2] == replies[1]);
  CHECK(replies[3] == "-ERR unknown command '" + end + "', with args beginning with: ");
  CHECK(replies[4] == "+PONG");
  CHECK(router.a.asked.empty());
}

TEST_CASE("QUIT and RESET leave a refused transaction, too") {
  RunningWorker router;
  CHECK(router.ask(Lines{"MULTI", "RESET", "PING", "MULTI", "QUIT"}).back() == "+OK");
  CHECK(router.control.clients_ended == 1);
}

TEST_CASE("RESET makes the connection as new") {
  RunningWorker router;
  router.ask(Lines{"HELLO 3 SETNAME bob", "SELECT 5"});
  CHECK(router.ask(Lines{"RESET", "CLIENT GETNAME"}) == Lines{"+RESET", "nil"});
  router.ask("SET k v");
  CHECK(router.a.records.contains("k"));
  CHECK(router.ask("CLIENT INFO").find(" db=0 ") != std::string::npos);
  CHECK(router.ask("CLIENT INFO").find(" resp=2 ") != std::string::npos);
}

TEST_CASE("HELLO takes all of its options or none of them") {
  RunningWorker router;
  CHECK(router.ask("HELLO 4") == "-NOPROTO unsupported protocol version");
  CHECK(router.ask("HELLO x") == "-ERR Protocol version is not an integer or out of range");
  CHECK(router.ask("HELLO 3 NICK bob") == "-ERR Syntax error in HELLO option 'NICK'");
  CHECK(router.ask("HELLO 3 AUTH x y") ==
        "-WRONGPASS invalid username-password pair or user is disabled.");
  CHECK(router.ask("HELLO 3 SETNAME \"a b\"") ==
        "-ERR Client names cannot contain spaces, newlines or special characters.");
  CHECK(router.ask("HELLO").starts_with("[\"server\""));  // Still the second protocol.
  CHECK(router.ask("HELLO 3 AUTH default any SETNAME bob").starts_with("{\"server\""));
  CHECK(router.ask("CLIENT GETNAME") == "\"bob\"");
}

TEST_CASE("AUTH is as in a Redis without a password") {
  RunningWorker router;
  CHECK(router.ask("AUTH secret").starts_with("-ERR AUTH <password> called without any password"));
  CHECK(router.ask(Lines{"AUTH default any", "AUTH bob any", "AUTH a b c"}) ==
        Lines{"+OK", "-WRONGPASS invalid username-password pair or user is disabled.",
              "-ERR syntax error"});
}

TEST_CASE("CLIENT SETNAME takes a plain word; the empty one unsets it") {
  RunningWorker router;
  CHECK(router.ask(Lines{"CLIENT GETNAME", "CLIENT SETNAME bob", "CLIENT GETNAME",
                         "CLIENT SETNAME \"a b\"", "CLIENT SETNAME \"a\\n\"", "CLIENT GETNAME",
                         "CLIENT SETNAME \"\"", "CLIENT GETNAME"}) ==
        Lines{"nil", "+OK", "\"bob\"",
              "-ERR Client names cannot contain spaces, newlines or special characters.",
              "-ERR Client names cannot contain spaces, newlines or special characters.", "\"bob\"",
              "+OK", "nil"});
}

TEST_CASE("CLIENT SETINFO keeps what client libraries say of themselves") {
  RunningWorker router;
  CHECK(router.ask(Lines{"CLIENT SETINFO LIB-NAME jedis", "CLIENT SETINFO lib-ver 5.1",
                         "CLIENT SETINFO colour red", "CLIENT SETINFO lib-ver \"a b\""}) ==
        Lines{"+OK", "+OK", "-ERR Unrecognized option 'colour'",
              "-ERR lib-ver cannot contain spaces, newlines or special characters."});
  CHECK(router.ask("CLIENT INFO").find(" lib-name=jedis lib-ver=5.1") != std::string::npos);
}

TEST_CASE("the rest of CLIENT") {
  RunningWorker router;
  CHECK(router.ask(Lines{"CLIENT ID", "CLIENT NO-EVICT on", "CLIENT NO-TOUCH off",
                         "CLIENT NO-EVICT maybe", "CLIENT UNPAUSE", "CLIENT GETREDIR"}) ==
        Lines{":1", "+OK", "+OK", "-ERR syntax error", "+OK", ":-1"});
  CHECK(router.ask("CLIENT SETNAME a b") ==
        "-ERR wrong number of arguments for 'client|setname' command");
  CHECK(router.ask("CLIENT KILL") == "-ERR wrong number of arguments for 'client|kill' command");
  CHECK(router.ask("CLIENT PAUSE 1") == "-ERR unknown subcommand 'PAUSE'. Try CLIENT HELP.");
  CHECK(router.ask("CLIENT HELP").starts_with("[+CLIENT <subcommand>"));
}

TEST_CASE("CLIENT INFO describes the connection that asks") {
  RunningWorker router;
  router.ask("SET k v");
  router.clock.advance(61'500);
  router.ask("PING");
  router.clock.advance(1000);
  const std::string line = router.ask("CLIENT INFO");
  CHECK(line.starts_with("\"id=1 addr=127.0.0.1:"));
  CHECK(line.find(" laddr=127.0.0.1:6379 name= age=62 idle=0 db=0 cmd=client pipeline=0 ") !=
        std::string::npos);
}

TEST_CASE("whoever takes the router for a Redis Cluster is told what a single Redis says") {
  RunningWorker router;
  const std::string no = "-ERR This instance has cluster support disabled";
  for (const std::string command :
       {"READONLY", "readwrite", "CLUSTER SLOTS", "cluster nodes", "CLUSTER SHARDS", "CLUSTER HELP",
        "CLUSTER KEYSLOT k", "CLUSTER RESET foo", "CLUSTER SETSLOT 1 NODE a b"})
    CHECK(router.ask(command) == no);
  CHECK(router.ask(
            Lines{"CLUSTER", "CLUSTER FOO", "CLUSTER SLOTS x", "CLUSTER KEYSLOT", "READONLY x"}) ==
        Lines{"-ERR wrong number of arguments for 'cluster' command",
              "-ERR unknown subcommand 'FOO'. Try CLUSTER HELP.",
              "-ERR wrong number of arguments for 'cluster|slots' command",
              "-ERR wrong number of arguments for 'cluster|keyslot' command",
              "-ERR wrong number of arguments for 'readonly' command"});
  CHECK(router.ask("SUBSCRIBE a").starts_with("-ERR unknown command 'SUBSCRIBE'"));
}

TEST_CASE("COMMAND tells client libraries what is there") {
  RunningWorker router;
  CHECK(router.ask("COMMAND COUNT") == ":" + std::to_string(command_table().size()));
  CHECK(router.ask("COMMAND INFO get").starts_with("[[\"get\" :2 [+readonly +fast] :1 :1 :1"));
  CHECK(router.ask("COMMAND INFO multi") == "[nil]");
  CHECK(router.ask("COMMAND DOCS set").find("Set the string value of a key") != std::string::npos);
  CHECK(router.ask("COMMAND LIST").find("\"doris.route\"") != std::string::npos);
}

TEST_CASE("the command table has names of its own in lower case, found in any case") {
  for (const Command& command : command_table()) {
    INFO(command.spec.name);
    std::string upper(command.spec.name);
    for (char& c : upper)
      c = static_cast<char>(std::toupper(c));
    CHECK(find_command(upper) == &command);
    for (const char c : command.spec.name)
      CHECK(resp::lower(c) == c);
    CHECK_FALSE(command.spec.summary.empty());
  }
  CHECK(find_command("") == nullptr);
}

TEST_CASE("CONFIG GET shows settings in plain numbers; nothing can be set") {
  RunningWorker router(Overrides{{"request-timeout", "7s"}});
  CHECK(router.ask("CONFIG GET request-time*") == "[\"request-timeout\" \"7000\"]");
  CHECK(router.ask("CONFIG GET databases APPENDONLY") ==
        "[\"appendonly\" \"yes\" \"databases\" \"16\"]");
  CHECK(router.ask("CONFIG GET nothing") == "[]");
  CHECK(router.ask("CONFIG GET") == "-ERR wrong number of arguments for 'config|get' command");
  CHECK(router.ask("config help").starts_with("[+CONFIG <subcommand>"));
  CHECK(router.ask("CONFIG HELP x") == "-ERR wrong number of arguments for 'config|help' command");
  CHECK(router.ask("CONFIG") == "-ERR wrong number of arguments for 'config' command");
  CHECK(router.ask("CONFIG SET databases 3").starts_with("-ERR unknown subcommand 'SET'"));
}

TEST_CASE("INFO asks for sections in any case; TIME is the clock's") {
  RunningWorker router;
  router.clock.set(1'700'000'000'123);
  CHECK(router.ask(Lines{"INFO", "INFO Server CLIENTS", "TIME"}) ==
        Lines{"\"info of []\"", "\"info of [server clients]\"", "[\"1700000000\" \"123000\"]"});
}

// All clients share the connection to the admin, which would be closed for a protocol error.
TEST_CASE("a DORIS command that the admin would not read is refused by the router") {
  RunningWorker router;
  const auto route = [&](size_t key_bytes) {
    router.client().send(fmt::format("*2\r\n$11\r\nDORIS.ROUTE\r\n${}\r\n{}\r\n", key_bytes,
                                     std::string(key_bytes, 'k')));
    router.loop.settle();
    return router.replies();
  };
  REQUIRE(route(kKeyBytesMax + 1).size() == 1);
  CHECK(router.ask("SELECT 2") == "+OK");
  REQUIRE(route(kKeyBytesMax).size() == 1);  // With its namespace.
  CHECK(router.control.forwarded.empty());
  CHECK(route(kKeyBytesMax - 2).empty());
  CHECK(router.control.forwarded.size() == 1);
}

TEST_CASE("DORIS.* goes to the admin; DORIS.ROUTE asks for the physical key") {
  RunningWorker router;
  router.say({"SELECT 2", "DORIS.ROUTE k", "doris.nodes", "PING"});
  CHECK(router.control.forwarded == std::vector<Lines>{{"DORIS.ROUTE", "2:k"}, {"doris.nodes"}});
  router.control.unanswered[1](resp::Value::error("ERR no"));
  router.control.unanswered[0](resp::Value::array({resp::Value::bulk("a1")}));
  router.loop.settle();
  CHECK(router.replies() == Lines{"+OK", "[\"a1\"]", "-ERR no", "+PONG"});
  CHECK(router.stats.errors.get() == 1);
}

}  // namespace
}  // namespace doris::router::test

// What a client may ask of a router, and what it gets.
#include <catch2/catch.hpp>

#include "tests/integration/cluster.h"
#include "tests/integration/socket.h"

namespace doris::integration {
namespace {

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i)
    bytes.push_back(static_cast<char>(i));
  return bytes;
}

TEST_CASE("keys and values of any bytes come back as they were set") {
  const Cluster cluster;
  RedisClient client = cluster.client();

  for (const std::string& key : {std::string("k"), std::string(""), all_bytes()}) {
    for (const std::string& value : {std::string("v"), std::string(""), all_bytes()}) {
      REQUIRE(client.command({"SET", key, value}).ok());
      CHECK(client.command({"GET", key}) == Reply::bulk(value));
    }
    CHECK(client.command({"DEL", key}) == Reply::integer(1));
    CHECK(client.command({"GET", key}) == Reply::nil());
    CHECK(client.command({"DEL", key}) == Reply::integer(0));
  }
}

TEST_CASE("updates are done by the server, on both copies alike") {
  Cluster cluster;
  RedisClient client = cluster.client();
  const auto ask = [&](const std::vector<std::string>& words) { return client.command(words); };
  CHECK(ask({"INCR", "n"}) == Reply::integer(1));
  CHECK(ask({"INCRBY", "n", "41"}) == Reply::integer(42));
  CHECK(ask({"DECR", "n"}) == Reply::integer(41));
  CHECK(ask({"DECRBY", "n", "-9"}) == Reply::integer(50));
  CHECK(ask({"APPEND", "n", "0"}) == Reply::integer(3));
  CHECK(ask({"GETSET", "n", "x"}) == Reply::bulk("500"));
  CHECK(ask({"INCR", "n"}).text == "ERR value is not an integer or out of range");
  CHECK(ask({"SETNX", "n", "y"}) == Reply::integer(0));
  CHECK(ask({"SET", "n", "y", "NX"}) == Reply::nil());
  CHECK(ask({"SET", "n", "y", "XX", "GET"}) == Reply::bulk("x"));
  CHECK(ask({"GETDEL", "n"}) == Reply::bulk("y"));
  CHECK(ask({"SET", "n", "z", "XX"}) == Reply::nil());
  CHECK(ask({"SETNX", "n", "z"}) == Reply::integer(1));
  const auto record = [&](const std::string& server) {
    return RedisClient(cluster.port(server)).command({"DORIS.RECORD", "n"});
  };
  CHECK(record("a1").line("value") == "z");
  CHECK(record("a1").line("version") == record("b1").line("version"));
  CHECK(record("b1").line("value") == "z");
}

TEST_CASE("commands of several keys reach every data server, and answer in the keys' order") {
  const Cluster cluster({.servers_per_group = 2});
  RedisClient client = cluster.client();
  constexpr int kKeys = 300;

  std::vector<std::string> mset = {"MSET"};
  std::vector<std::string> mget = {"MGET"};
  std::vector<std::string> exists = {"EXISTS", "key:0", "key:0", "absent"};
  std::vector<std::string> del = {"DEL", "absent"};
  std::vector<Reply> values;
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "key:" + std::to_string(i);
    const std::string value = "value:" + std::to_string(i);
    mset.insert(mset.end(), {key, value});
    mget.push_back(key);
    exists.push_back(key);
    del.push_back(key);
    values.push_back(Reply::bulk(value));
  }
  mget.push_back("absent");
  values.push_back(Reply::nil());

  CHECK(client.command(mset).ok());
  CHECK(client.command(mget) == Reply::array(values));
  CHECK(client.command(exists) == Reply::integer(kKeys + 2));
  CHECK(client.command({"DBSIZE"}) == Reply::integer(kKeys));
  CHECK(client.command(del) == Reply::integer(kKeys));
  CHECK(client.command(exists) == Reply::integer(0));
  CHECK(client.command({"DBSIZE"}) == Reply::integer(0));
}

TEST_CASE("namespaces do not see each other's keys, and DBSIZE counts each") {
  const Cluster cluster;
  RedisClient client = cluster.client();

  REQUIRE(client.command({"SET", "k", "zero"}).ok());
  REQUIRE(client.command({"SELECT", "15"}).ok());
  CHECK(client.command({"GET", "k"}) == Reply::nil());
  REQUIRE(client.command({"MSET", "k", "fifteen", "l", "fifteen"}).ok());
  CHECK(client.command({"DBSIZE"}) == Reply::integer(2));
  CHECK(client.command({"SELECT", "16"}) == Reply::error("ERR DB index is out of range"));
  CHECK(client.command({"GET", "k"}) == Reply::bulk("fifteen"));
  REQUIRE(client.command({"SELECT", "0"}).ok());
  CHECK(client.command({"GET", "k"}) == Reply::bulk("zero"));
  CHECK(client.command({"DBSIZE"}) == Reply::integer(1));
}

TEST_CASE("a pipeline is answered in the order it was sent, each command seeing those before") {
  const Cluster cluster;
  RedisClient client = cluster.client();
  constexpr int kRounds = 3000;

  for (int i = 0; i < kRounds; ++i) {
    const std::string key = "k" + std::to_string(i % 7);
    client.append({"SET", key, std::to_string(i)});
    client.append({"GET", key});
    client.append({"ECHO", std::to_string(i)});
  }
  for (int i = 0; i < kRounds; ++i) {
    REQUIRE(client.read().ok());
    REQUIRE(client.read() == Reply::bulk(std::to_string(i)));
    REQUIRE(client.read() == Reply::bulk(std::to_string(i)));
  }
}

TEST_CASE("an unknown command is answered as Redis does, and the connection lives on") {
  const Cluster cluster;
  RedisClient client = cluster.client();

  CHECK(client.command({"FOO", "a", "b"}) ==
        Reply::error("ERR unknown command 'FOO', with args beginning with: 'a' 'b' "));
  CHECK(client.command({"GET"}) == Reply::error("ERR wrong number of arguments for 'get' command"));
  CHECK(client.command({"CLIENT", "NOPE"}).text.starts_with("ERR unknown subcommand 'NOPE'"));
  CHECK(client.command({"PING"}) == Reply::status("PONG"));
}

TEST_CASE("an option of SET that is not supported is a syntax error and changes nothing") {
  const Cluster cluster;
  RedisClient client = cluster.client();
  REQUIRE(client.command({"SET", "k", "before"}).ok());

  CHECK(client.command({"SET", "k", "after", "XX", "BOGUS"}) == Reply::error("ERR syntax error"));
  CHECK(client.command({"SET", "k", "after", "EX"}) == Reply::error("ERR syntax error"));
  CHECK(client.command({"GET", "k"}) == Reply::bulk("before"));
}

TEST_CASE("a person can type commands without the protocol") {
  const Cluster cluster;
  Socket socket(cluster.port("router-1"));

  REQUIRE(socket.send("\r\nset k \"two words\\n\"\r\nGET k\n"));
  CHECK(socket.read_until("words\n\r\n") == "+OK\r\n$10\r\ntwo words\n\r\n");
  REQUIRE(socket.send("get \"unbalanced\r\n"));
  CHECK(socket.read_until("\r\n") == "-ERR Protocol error: unbalanced quotes in request\r\n");
  CHECK(socket.closed_by_peer());
}

TEST_CASE("a command may arrive byte by byte") {
  const Cluster cluster;
  Socket socket(cluster.port("router-1"));

  for (const char byte : std::string("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n")) {
    REQUIRE(socket.send({&byte, 1}));
  }
  CHECK(socket.read_until("\r\n") == "+OK\r\n");
  REQUIRE(socket.send("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"));
  CHECK(socket.read_until("b\r\n") == "$4\r\na\r\nb\r\n");
}

TEST_CASE("HELLO changes the protocol of the connection, and refuses one that it does not know") {
  const Cluster cluster;
  Socket socket(cluster.port("router-1"));

  REQUIRE(socket.send("HELLO 4\r\n"));
  CHECK(socket.read_until("\r\n") == "-NOPROTO unsupported protocol version\r\n");
  REQUIRE(socket.send("GET absent\r\n"));
  CHECK(socket.read_until("\r\n") == "$-1\r\n");
  REQUIRE(socket.send("HELLO 3\r\nECHO end\r\n"));
  const std::string hello = socket.read_until("$3\r\nend\r\n");
  CHECK(hello.starts_with("%7\r\n"));
  CHECK(hello.find("$5\r\nproto\r\n:3\r\n") != std::string::npos);
  REQUIRE(socket.send("GET absent\r\n"));
  CHECK(socket.read_until("\r\n") == "_\r\n");
  REQUIRE(socket.send("RESET\r\nGET absent\r\n"));
  CHECK(socket.read_until("$-1\r\n") == "+RESET\r\n$-1\r\n");
}

TEST_CASE("QUIT answers and closes") {
  const Cluster cluster;
  Socket socket(cluster.port("router-1"));

  REQUIRE(socket.send("QUIT\r\n"));
  CHECK(socket.read_until("\r\n") == "+OK\r\n");
  CHECK(socket.closed_by_peer());
}

TEST_CASE("what client libraries ask when they connect has an answer") {
  const Cluster cluster;
  RedisClient client = cluster.client();

  CHECK(client.command({"CLIENT", "SETNAME", "me"}).ok());
  CHECK(client.command({"CLIENT", "GETNAME"}) == Reply::bulk("me"));
  CHECK(client.command({"CLIENT", "SETINFO", "LIB-NAME", "hiredis"}).ok());
  CHECK(client.command({"CLIENT", "ID"}).kind == Reply::kInteger);
  CHECK(client.command({"CLIENT", "LIST"}).text.find("name=me") != std::string::npos);
  CHECK(client.command({"CONFIG", "GET", "maxclients"}).items.size() == 2);
  CHECK(client.command({"COMMAND", "COUNT"}).number > 20);
  CHECK(client.command({"COMMAND"}).items.size() ==
        static_cast<size_t>(client.command({"COMMAND", "COUNT"}).number));
  CHECK(client.command({"TIME"}).items.size() == 2);
  const std::string info = client.command({"INFO"}).text;
  for (const char* line : {"redis_version:7", "redis_mode:standalone", "loading:0", "role:master",
                           "cluster_enabled:0"}) {
    CHECK_THAT(info, Catch::Contains(line));
  }
}

}  // namespace
}  // namespace doris::integration

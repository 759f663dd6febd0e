// Everything has a bound: clients, values, replies that nobody reads.
#include <catch2/catch.hpp>

#include "tests/integration/cluster.h"
#include "tests/integration/socket.h"

namespace doris::integration {
namespace {

constexpr size_t kMb = 1024 * 1024;

TEST_CASE("a value of 64 MiB comes back as it was set, and a larger one is refused") {
  const Cluster cluster;
  RedisClient client(cluster.port("router-1"), Millis{60'000});
  std::string value(64 * kMb, '\0');
  for (size_t i = 0; i < value.size(); i += 4096)
    value[i] = static_cast<char>(i >> 12);

  REQUIRE(client.command({"SET", "large", value}).ok());
  const Reply back = client.command({"GET", "large"});
  REQUIRE(back.text.size() == value.size());
  CHECK((back.text == value));  // In brackets: nobody wants to see it.

  Socket socket(cluster.port("router-1"));
  REQUIRE(socket.send("*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n$67108865\r\n"));
  CHECK(socket.read_until("\r\n") == "-ERR Protocol error: invalid bulk length\r\n");
  CHECK(socket.closed_by_peer());
  CHECK((client.command({"GET", "large"}).text == value));
}

// More commands than are taken at a time (client-pipeline-max), as of a script into `nc -N`.
TEST_CASE("who sends commands and ends its side has every reply") {
  const Cluster cluster;
  Socket socket(cluster.port("router-1"));
  constexpr int kCommands = 20'000;
  std::string commands;
  std::string replies;
  for (int i = 0; i < kCommands; ++i) {
    commands +=
        "SET k" + std::to_string(i % 100) + " v\r\nGET k" + std::to_string(i % 100) + "\r\n";
    replies += "+OK\r\n$1\r\nv\r\n";
  }
  REQUIRE(socket.send(commands));
  socket.end_sending();
  CHECK(socket.read_until("nothing ends like this") == replies);
}

// A hundred replies of a megabyte come over one connection of a router to a data server.
TEST_CASE("clients that read megabytes stop nobody") {
  const Cluster cluster;
  RedisClient client(cluster.port("router-1"), Millis{60'000});
  REQUIRE(client.command({"SET", "large", std::string(kMb, 'x')}).ok());
  REQUIRE(client.command({"SET", "small", "v"}).ok());
  std::vector<std::string> mget(101, "large");
  mget[0] = "MGET";
  for (int i = 0; i < 6; ++i) {
    const Reply all = client.command(mget);
    REQUIRE(all.kind == Reply::kArray);
    CHECK(all.items.size() == 100);
    CHECK(client.command({"GET", "small"}) == Reply::bulk("v"));
  }
}

TEST_CASE("10,000 idle clients stay connected, and one more is served") {
  constexpr size_t kClients = 10'000;
  if (!allow_open_files(kClients + 100)) {
    WARN("skipped: the hard limit on open files is below " << kClients + 100);
    return;
  }
  const Cluster cluster({.conf = {"maxclients=10100"}});
  const uint16_t port = cluster.port("router-1");
  const size_t before = resident_bytes(cluster.pid("router-1"));

  std::vector<Socket> idle;
  idle.reserve(kClients);
  for (size_t i = 0; i < kClients; ++i) {
    idle.emplace_back(port);
    REQUIRE(idle.back().connected());
  }
  RedisClient client(port);
  REQUIRE(client.command({"SET", "k", "v"}).ok());
  CHECK(eventually([&] {
    return client.command({"INFO", "clients"}).text.find("connected_clients:10001\r") !=
           std::string::npos;
  }));

  // Each has its turn, then idles again.
  for (Socket& each : idle)
    REQUIRE(each.send("PING\r\n"));
  for (Socket& each : idle)
    REQUIRE(each.read_until("\r\n") == "+PONG\r\n");
  if (!kSanitized) {
    const size_t after = resident_bytes(cluster.pid("router-1"));
    CHECK((after - before) / kClients < 4096);
  }
}

TEST_CASE("clients beyond maxclients are told so and closed; those before are served") {
  const Cluster cluster({.conf = {"maxclients=5"}});
  std::vector<Socket> clients;
  for (int i = 0; i < 5; ++i) {
    clients.emplace_back(cluster.port("router-1"));
    REQUIRE(clients.back().send("PING\r\n"));
    REQUIRE(clients.back().read_until("\r\n") == "+PONG\r\n");
  }

  Socket sixth(cluster.port("router-1"));
  CHECK(sixth.read_until("\r\n") == "-ERR max number of clients reached\r\n");
  CHECK(sixth.closed_by_peer());
  REQUIRE(clients[0].send("PING\r\n"));
  CHECK(clients[0].read_until("\r\n") == "+PONG\r\n");
}

// Sends `commands` until the router takes no more of them, or `bytes_max` were sent.
void send_without_reading(Socket& socket, std::string_view commands, size_t bytes_max) {
  for (size_t sent = 0; sent < bytes_max; sent += commands.size()) {
    if (!socket.send(commands, Millis{500})) return;
  }
}

std::string repeated(std::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i)
    all += text;
  return all;
}

TEST_CASE("a client that never reads its replies costs the router a bounded memory") {
  const Cluster cluster;
  RedisClient client = cluster.client();
  REQUIRE(client.command({"SET", "k", std::string(100'000, 'x')}).ok());
  const size_t before = resident_bytes(cluster.pid("router-1"));

  // 500 MB of replies would wait for it, were there no bound.
  Socket deaf(cluster.port("router-1"));
  send_without_reading(deaf, repeated("GET k\r\n", 100), 5000 * 7);

  CHECK(client.command({"GET", "k"}).text.size() == 100'000);
  const size_t after = resident_bytes(cluster.pid("router-1"));
  if (!kSanitized) CHECK(after < before + 300 * kMb);

  // A router that throttles it goes on where it stopped: every reply is whole.
  const std::string reply = "$100000\r\n" + std::string(100'000, 'x') + "\r\n";
  std::string some;
  while (some.size() < 20 * reply.size()) {
    const std::string more = deaf.read_until("\r\n");
    REQUIRE(!more.empty());
    some += more;
  }
  CHECK((some.substr(0, 20 * reply.size()) == repeated(reply, 20)));
}

TEST_CASE("a client that sends writes without end and reads nothing cannot fill the memory") {
  const Cluster cluster;
  const size_t before = resident_bytes(cluster.pid("router-1"));
  const std::string set =
      "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000\r\n" + std::string(1000, 'x') + "\r\n";

  Socket deaf(cluster.port("router-1"));
  send_without_reading(deaf, repeated(set, 100), 300 * kMb);

  RedisClient client = cluster.client();
  CHECK(client.command({"SET", "other", "v"}).ok());
  const size_t after = resident_bytes(cluster.pid("router-1"));
  if (!kSanitized) CHECK(after < before + 100 * kMb);
}

TEST_CASE("clients that vanish in the middle of a command leave nothing behind") {
  const Cluster cluster;
  for (int i = 0; i < 200; ++i) {
    Socket socket(cluster.port("router-1"));
    REQUIRE(socket.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000\r\nhalf"));
    if (i % 2 == 0) REQUIRE(socket.send(std::string(996, 'x') + "\r\nGET k\r\n"));
  }
  RedisClient client = cluster.client();
  CHECK(eventually([&] {
    return client.command({"INFO", "clients"}).text.find("connected_clients:1\r") !=
           std::string::npos;
  }));
  CHECK(client.command({"SET", "k", "v"}).ok());
}

}  // namespace
}  // namespace doris::integration

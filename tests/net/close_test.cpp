// Stream::close_when_sent().
#include <catch2/catch.hpp>

#include "tests/net/server.h"

namespace doris::net {
namespace {

constexpr size_t kMoreThanKernelsHold = 32 * 1024 * 1024;

void close_when_sent(Connection& connection) {
  Stream::close_when_sent(std::move(connection.stream));
}

TEST_CASE("A stream closed when sent delivers everything, and then the end") {
  const size_t bytes = GENERATE(size_t{0}, size_t{5}, kMoreThanKernelsHold);
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  const std::string all = numbered_bytes(bytes);
  server.on_loop([&] {
    connection.write(all);
    close_when_sent(connection);
  });
  CHECK((peer.receive(bytes) == all));
  CHECK(peer.at_end());
  server.on_loop([&] {
    CHECK(connection.ends.empty());
    CHECK(connection.drained == 0);
  });
}

TEST_CASE("A refused client reads why, though nobody read what it sent") {
  Server server([](Connection& made) {
    made.write("-ERR max number of clients reached\r\n");
    close_when_sent(made);
  });
  Peer peer(server.port());
  REQUIRE(peer.send(numbered_bytes(300'000)));
  CHECK(peer.receive(36) == "-ERR max number of clients reached\r\n");
  CHECK(peer.at_end());
}

TEST_CASE("A stream may be closed when sent from inside a read") {
  Server server([](Connection& made) {
    made.on_bytes = [](Connection& connection) {
      connection.write("+OK\r\n");
      close_when_sent(connection);
    };
  });
  Peer peer(server.port());
  REQUIRE(peer.send("QUIT\r\nand more that is thrown away"));
  CHECK(peer.receive(5) == "+OK\r\n");
  CHECK(peer.at_end());
}

TEST_CASE("A peer that ended its own side gets all of a long reply") {
  const std::string reply = numbered_bytes(kMoreThanKernelsHold);
  Server server([&](Connection& made) {
    made.on_ended = [&](Connection& connection) {
      connection.write(reply);
      close_when_sent(connection);
    };
  });
  Peer peer(server.port());
  REQUIRE(peer.send("request"));
  peer.end_sending();
  CHECK((peer.receive(reply.size()) == reply));
  CHECK(peer.at_end());
}

TEST_CASE("A stream whose peer is gone may be closed when sent") {
  Server server([](Connection& made) { made.on_ended = close_when_sent; });
  Peer peer(server.port());
  Connection& connection = server.connection();
  peer.reset();
  CHECK(server.eventually([&] { return connection.stream == nullptr; }));
}

TEST_CASE("A peer that takes nothing is dropped in the end") {
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  server.on_loop([&] {
    connection.write(numbered_bytes(kMoreThanKernelsHold));
    close_when_sent(connection);
  });
  // As long as the stream lingers, what we send is thrown away; then the kernel refuses it.
  bool refused = false;
  for (int i = 0; i < kPatienceSeconds * 1000 && !refused; ++i) {
    refused = !peer.send("x");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(refused);
}

TEST_CASE("A loop may end while a stream lingers") {
  auto server = std::make_unique<Server>();
  Peer peer(server->port());
  Connection& connection = server->connection();
  server->on_loop([&] {
    connection.write(numbered_bytes(kMoreThanKernelsHold));
    close_when_sent(connection);
  });
  server.reset();
  CHECK(peer.receive(kMoreThanKernelsHold).size() < kMoreThanKernelsHold);
}

}  // namespace
}  // namespace doris::net

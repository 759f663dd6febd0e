// Streams: bytes, passes, ends.
#include "base/net/stream.h"

#include <catch2/catch.hpp>

#include "tests/net/function_task.h"
#include "tests/net/server.h"

namespace doris::net {
namespace {

void echo(Connection& connection) {
  connection.write(connection.received);
  connection.received.clear();
}

TEST_CASE("What a handler appends to the output comes back") {
  Server server([](Connection& made) { made.on_bytes = echo; });
  Peer peer(server.port());
  for (const std::string text : {"hello", "again", "and again"}) {
    REQUIRE(peer.send(text));
    CHECK(peer.receive(text.size()) == text);
  }
}

TEST_CASE("A stream knows its peer, and its own address") {
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  std::string name;
  std::string own;
  server.on_loop([&] {
    name = connection.stream->peer();
    own = connection.stream->local();
  });
  CHECK(name.starts_with("127.0.0.1:"));
  CHECK(Address::parse(name).ok());
  CHECK(own == Address{"127.0.0.1", server.port()}.text());
}

TEST_CASE("All that is appended in one pass leaves in one write") {
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  for (uint32_t pass = 1; pass <= 3; ++pass) {
    server.on_loop([&] {
      for (int i = 0; i < 10; ++i)
        connection.write("reply");
    });
    CHECK(peer.receive(50).size() == 50);
    CHECK(peer.segments_received() == pass);
  }
}

TEST_CASE("Output leaves after the pass tasks, and after those that they schedule") {
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  FunctionTask second([&] { connection.write("3"); });
  FunctionTask first([&] {
    connection.write("2");
    server.loop().schedule(second);
  });
  server.on_loop([&] {
    server.loop().schedule(first);
    connection.write("1");
    CHECK(connection.stream->unsent() == 1);
  });
  CHECK(peer.receive(3) == "123");
  CHECK(peer.segments_received() == 1);
}

TEST_CASE("A cancelled pass task does not run") {
  Server server;
  bool ran = false;
  FunctionTask task([&] { ran = true; });
  server.on_loop([&] {
    server.loop().schedule(task);
    server.loop().cancel(task);
  });
  server.on_loop([] {});
  CHECK_FALSE(ran);
}

TEST_CASE("What a timer appends leaves at once, though no socket is ready") {
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  std::unique_ptr<Timer> timer;
  FunctionTask commit([&] { connection.write("committed"); });
  server.on_loop([&] {
    timer = server.loop().timer([&] { server.loop().schedule(commit); });
    timer->start(Millis{5});
  });
  CHECK(peer.receive(9) == "committed");
  server.on_loop([&] { timer.reset(); });
}

TEST_CASE("The end of the peer is told once") {
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  REQUIRE(peer.send("last words"));
  peer.close();
  REQUIRE(server.eventually([&] { return !connection.ends.empty(); }));
  server.on_loop([&] { connection.write("too late"); });  // Provokes a reset.
  server.on_loop([&] { connection.write("far too late"); });
  server.on_loop([&] {
    CHECK(connection.received == "last words");
    CHECK(connection.ends.size() == 1);
    CHECK(connection.ends.front().code() == Code::kClosed);
  });
}

TEST_CASE("A reset is told as an end, also to a stream that only writes") {
  const bool reads = GENERATE(true, false);
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  if (!reads) server.on_loop([&] { connection.stream->pause_reading(); });
  peer.reset();
  REQUIRE(server.eventually([&] {
    connection.write("anybody there?");
    return !connection.ends.empty();
  }));
  server.on_loop([&] { CHECK(connection.ends.size() == 1); });
}

TEST_CASE("A peer that ended only its own side still gets replies") {
  Server server([](Connection& made) { made.on_ended = echo; });
  Peer peer(server.port());
  REQUIRE(peer.send("request"));
  peer.end_sending();
  CHECK(peer.receive(7) == "request");
}

TEST_CASE("A stream may be destroyed while it reads") {
  Server server([](Connection& made) {
    made.on_bytes = [](Connection& connection) {
      connection.write("never sent");
      connection.stream.reset();
    };
  });
  Peer peer(server.port());
  REQUIRE(peer.send("x"));
  CHECK(peer.at_end());
  server.on_loop([&] {});
}

TEST_CASE("A stream may be destroyed while it is told of its end") {
  Server server([](Connection& made) {
    made.on_ended = [](Connection& connection) { connection.stream.reset(); };
  });
  Peer peer(server.port());
  Connection& connection = server.connection();
  peer.close();
  CHECK(server.eventually([&] { return connection.stream == nullptr; }));
}

TEST_CASE("A stream that waits to be flushed may be destroyed by a pass task") {
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  FunctionTask destroy([&] { connection.stream.reset(); });
  server.on_loop([&] {
    connection.write("never sent");
    server.loop().schedule(destroy);
  });
  CHECK(peer.at_end());
  server.on_loop([] {});  // The pass that `destroy` belongs to is over.
}

}  // namespace
}  // namespace doris::net

// Streams whose peer is slow, and peers whose stream is.
#include <catch2/catch.hpp>
#include <future>

#include "tests/net/function_task.h"
#include "tests/net/server.h"

namespace doris::net {
namespace {

constexpr size_t kMegabyte = 1024 * 1024;
constexpr size_t kMoreThanKernelsHold = 32 * kMegabyte;  // Of the two buffers of a socket pair.

TEST_CASE("What a slow reader has not taken is counted, kept whole, and drained once") {
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  const std::string first = numbered_bytes(kMoreThanKernelsHold);
  const std::string second = "and more";
  server.on_loop([&] { connection.write(first); });
  server.on_loop([&] {
    CHECK(connection.stream->unsent() > 0);
    const size_t before = connection.stream->unsent();
    connection.write(second);
    CHECK(connection.stream->unsent() == before + second.size());
    CHECK(connection.drained == 0);
  });
  CHECK((peer.receive(first.size()) == first));
  CHECK(peer.receive(second.size()) == second);
  CHECK(server.eventually([&] { return connection.drained == 1; }));
  server.on_loop([&] { CHECK(connection.stream->unsent() == 0); });
}

TEST_CASE("A stream that was never refused a byte is not drained") {
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  server.on_loop([&] { connection.write("small"); });
  CHECK(peer.receive(5) == "small");
  server.on_loop([&] { CHECK(connection.drained == 0); });
}

TEST_CASE("64 MiB arrive intact when each drain brings the next part") {
  constexpr size_t kPart = 4 * kMegabyte;
  const std::string all = numbered_bytes(64 * kMegabyte);
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  size_t written = 0;
  const auto write_next = [&](Connection& to) {
    // Parts go on until the kernel refuses one; then on_drained() goes on.
    if (written == all.size()) return;
    to.write(std::string_view(all).substr(written, kPart));
    written += kPart;
  };
  std::unique_ptr<Timer> starter;
  server.on_loop([&] {
    connection.on_sent = write_next;
    starter = server.loop().timer([&] {
      if (connection.stream->unsent() == 0) write_next(connection);
    });
    starter->start(Millis{0}, Millis{1});
  });
  CHECK((peer.receive(all.size()) == all));
  server.on_loop([&] { starter.reset(); });
}

TEST_CASE("A large echo through both directions arrives intact") {
  constexpr size_t kBytes = 8 * kMegabyte;
  Server server([](Connection& made) {
    made.on_bytes = [](Connection& connection) {
      connection.write(connection.received);
      connection.received.clear();
    };
  });
  Peer peer(server.port());
  const std::string sent = numbered_bytes(kBytes);
  std::thread sender([&] { peer.send(sent); });
  const std::string echoed = peer.receive(kBytes);
  sender.join();
  CHECK((echoed == sent));
}

TEST_CASE("A stream that does not read makes its peer wait, and loses nothing") {
  Server server([](Connection& made) { made.stream->pause_reading(); });
  Peer peer(server.port());
  Connection& connection = server.connection();
  const std::string offered = numbered_bytes(kMoreThanKernelsHold);
  const size_t taken = peer.send_until_full(offered);
  CHECK(taken < offered.size());
  server.on_loop([&] {
    CHECK(connection.received.empty());
    connection.stream->resume_reading();
  });
  REQUIRE(server.eventually([&] { return connection.received.size() >= taken; }));
  server.on_loop([&] { CHECK((connection.received == offered.substr(0, taken))); });
}

// The end of a refused write is found by polling, as a request is: before the pass's commit.
// It must not take along the reply that was appended a moment ago.
TEST_CASE("A reply waits for the pass tasks though a refused write ends before them") {
  constexpr size_t kStep = 64 * 1024;  // So little is refused that the next write takes it.
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  size_t written = 0;
  size_t refused = 0;
  while (refused == 0 && written < kMoreThanKernelsHold) {
    server.on_loop([&] { connection.write(numbered_bytes(kStep)); });
    server.on_loop([&] { refused = connection.stream->unsent(); });
    written += kStep;
  }
  REQUIRE(refused > 0);

  size_t unsent_at_commit = 0;
  FunctionTask commit([&] { unsent_at_commit = connection.stream->unsent(); });
  std::promise<void> both_ready;
  server.on_loop([&] {
    connection.on_bytes = [&](Connection& asked) {
      asked.write("reply");
      server.loop().schedule(commit);
    };
  });
  server.loop().post([ready = both_ready.get_future().share()] { ready.wait(); });
  CHECK(peer.receive(written - refused).size() == written - refused);
  REQUIRE(peer.send("request"));
  both_ready.set_value();
  CHECK(peer.receive(refused).size() == refused);
  CHECK(peer.receive(5) == "reply");
  server.on_loop([&] { CHECK(unsent_at_commit >= 5); });
}

TEST_CASE("Reading stops from inside a read") {
  Server server([](Connection& made) {
    made.on_bytes = [](Connection& connection) { connection.stream->pause_reading(); };
  });
  Peer peer(server.port());
  Connection& connection = server.connection();
  REQUIRE(peer.send("first"));
  REQUIRE(server.eventually([&] { return connection.received == "first"; }));
  REQUIRE(peer.send("second"));
  peer.close();
  for (int pass = 0; pass < 20; ++pass)
    server.on_loop([&] { CHECK(connection.received == "first"); });
  server.on_loop([&] {
    CHECK(connection.ends.empty());
    connection.on_bytes = [](Connection&) {};
    connection.stream->resume_reading();
  });
  REQUIRE(server.eventually([&] { return !connection.ends.empty(); }));
  server.on_loop([&] { CHECK(connection.received == "firstsecond"); });
}

TEST_CASE("A stream may be destroyed while it is told that it has drained") {
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  const std::string all = numbered_bytes(kMoreThanKernelsHold);
  server.on_loop([&] {
    connection.on_sent = [](Connection& drained) { drained.stream.reset(); };
    connection.write(all);
  });
  CHECK((peer.receive(all.size()) == all));
  CHECK(peer.at_end());
}

TEST_CASE("A stream may be destroyed while a write is under way") {
  Server server;
  Peer peer(server.port());
  Connection& connection = server.connection();
  server.on_loop([&] { connection.write(numbered_bytes(kMoreThanKernelsHold)); });
  server.on_loop([&] {
    CHECK(connection.stream->unsent() > 0);
    connection.stream.reset();
  });
  CHECK(peer.receive(kMoreThanKernelsHold).size() < kMoreThanKernelsHold);
}

}  // namespace
}  // namespace doris::net

// Loop::listen() and adopt().
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "base/log.h"
#include "base/net/file_limit.h"
#include "base/net/uv_loop.h"
#include "tests/net/server.h"
#include "tests/support/child.h"

namespace doris::net {
namespace {

void ignore(std::unique_ptr<Accepted>) {}

TEST_CASE("A port in use is refused in words that help") {
  const auto loop = make_uv_loop();
  const auto first = loop->listen({"127.0.0.1", 0}, ignore);
  REQUIRE(first.ok());
  const std::string port = std::to_string((*first)->port());
  const auto second = loop->listen({"127.0.0.1", (*first)->port()}, ignore);
  REQUIRE_FALSE(second.ok());
  CHECK(second.code() == Code::kExists);
  CHECK(second.status().message() ==
        "port " + port + " on 127.0.0.1 is in use by another process; choose another with --port");
}

TEST_CASE("A port is free again as soon as its listener is destroyed") {
  const auto loop = make_uv_loop();
  auto listener = loop->listen({"localhost", 0}, ignore);
  REQUIRE(listener.ok());
  const uint16_t port = (*listener)->port();
  CHECK(port != 0);
  listener->reset();
  CHECK(loop->listen({"localhost", port}, ignore).ok());
}

TEST_CASE("An address that is not this machine's is refused") {
  const auto loop = make_uv_loop();
  CHECK(loop->listen({"192.0.2.1", 0}, ignore).code() == Code::kIo);
  CHECK(loop->listen({"a-name.example", 0}, ignore).code() == Code::kInvalid);
}

TEST_CASE("Many clients that come at once are all served") {
  constexpr int kClients = 200;  // More than are accepted in one pass.
  Server server([](Connection& made) { made.write("welcome"); });
  std::vector<Peer> peers;
  for (int i = 0; i < kClients; ++i)
    peers.emplace_back(server.port());
  for (Peer& peer : peers)
    CHECK(peer.receive(7) == "welcome");
}

// Of all sockets of this process that have the port on their own side.
std::vector<int> sockets_at(uint16_t port) {
  std::vector<int> found;
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size) != 0) continue;
    if (own.sin_family == AF_INET && ntohs(own.sin_port) == port) found.push_back(fd);
  }
  return found;
}

TEST_CASE("The kernel asks after a peer that is silent for long, so that a dead one is noticed") {
  Server server([](Connection& made) { made.write("welcome"); });
  Peer peer(server.port());
  REQUIRE(peer.receive(7) == "welcome");
  int asked = 0;
  for (const int fd : sockets_at(server.port())) {
    int on = 0;
    socklen_t size = sizeof on;
    REQUIRE(::getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size) == 0);
    asked += on;
  }
  CHECK(asked == 1);  // All but the one that listens.
}

TEST_CASE("An accepted connection can be served by the loop of another thread") {
  LoopThread acceptor("acceptor");
  LoopThread server("server");
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Connection> connection;
  std::thread::id served_on;
  const auto serve = [&](std::unique_ptr<Accepted> accepted) {
    auto stream = server.loop().adopt(std::move(accepted));
    if (!stream.ok()) return;
    served_on = std::this_thread::get_id();
    connection = std::make_unique<Connection>(std::move(*stream));
    connection->on_bytes = [](Connection& me) { me.write("reply"); };
    connection->stream->start(*connection);
  };
  acceptor.run_and_wait([&] {
    auto made = acceptor.loop().listen({"127.0.0.1", 0}, [&](std::unique_ptr<Accepted> accepted) {
      auto box = std::make_shared<std::unique_ptr<Accepted>>(std::move(accepted));
      server.loop().post([&serve, box] { serve(std::move(*box)); });
    });
    REQUIRE(made.ok());
    listener = std::move(*made);
  });
  Peer peer(listener->port());
  REQUIRE(peer.send("request"));
  CHECK(peer.receive(5) == "reply");
  server.run_and_wait([&] {
    CHECK(served_on == std::this_thread::get_id());
    connection.reset();
  });
  acceptor.run_and_wait([&] { listener.reset(); });
}

TEST_CASE("A connection that nobody adopts is closed") {
  LoopThread acceptor("acceptor");
  std::unique_ptr<Listener> listener;
  acceptor.run_and_wait([&] {
    listener = std::move(*acceptor.loop().listen({"127.0.0.1", 0}, ignore));
  });
  Peer peer(listener->port());
  CHECK(peer.at_end());
  acceptor.run_and_wait([&] { listener.reset(); });
}

TEST_CASE("A listener may be destroyed while it accepts") {
  LoopThread acceptor("acceptor");
  std::unique_ptr<Listener> listener;
  int accepted = 0;
  uint16_t port = 0;
  acceptor.run_and_wait([&] {
    listener = std::move(*acceptor.loop().listen({"127.0.0.1", 0}, [&](auto) {
      ++accepted;
      listener.reset();
    }));
    port = listener->port();
  });
  Peer peer(port);
  CHECK(peer.at_end());
  acceptor.stop();
  CHECK(accepted == 1);
}

// ---- No descriptors left -------------------------------------------------------------

Millis cpu_time_used() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto in_ms = [](const timeval& t) { return Millis{t.tv_sec * 1000 + t.tv_usec / 1000}; };
  return in_ms(used.ru_utime) + in_ms(used.ru_stime);
}

// Leaves the process no free descriptor, without opening any.
void forbid_new_files() {
  const int next = ::open("/dev/null", O_RDONLY);  // The lowest one that is free.
  ::close(next);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = static_cast<rlim_t>(next);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

enum Outcome : int { kAcceptedLater, kAcceptedWithoutRoom, kSpun, kNeverAccepted };

Outcome accept_without_descriptors() {
  const auto loop = make_uv_loop();
  bool allowed = false;
  bool spun = false;
  Outcome outcome = kNeverAccepted;
  Millis cpu_time_before{0};
  const auto listener = loop->listen({"127.0.0.1", 0}, [&](auto) {
    outcome = allowed ? kAcceptedLater : kAcceptedWithoutRoom;
    loop->stop();
  });
  const Peer waits((*listener)->port());
  const auto give_up = loop->timer([&] { loop->stop(); });
  const auto allow = loop->timer([&] {
    spun = cpu_time_used() - cpu_time_before > Millis{40};
    allowed = raise_file_limit(256).ok();
  });
  // UBSan looks at a type for the first time through a pipe, which it cannot open later.
  Log("net").warning("the next line is expected");
  forbid_new_files();
  cpu_time_before = cpu_time_used();
  allow->start(Millis{400});
  give_up->start(Millis{kPatienceSeconds * 1000});
  loop->run();
  return spun ? kSpun : outcome;
}

TEST_CASE("A listener without descriptors waits without spinning, and then goes on") {
  Child child([](int) { return accept_without_descriptors(); });
  CHECK(child.await() == kAcceptedLater);
}

TEST_CASE("The file limit is raised as far as is needed, and never lowered") {
  Child child([](int) {
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    before.rlim_cur = 100;
    ::setrlimit(RLIMIT_NOFILE, &before);
    rlimit after{};
    const bool raised = raise_file_limit(200).ok() && ::getrlimit(RLIMIT_NOFILE, &after) == 0;
    const bool kept = raise_file_limit(50).ok() && ::getrlimit(RLIMIT_NOFILE, &after) == 0;
    return raised && kept && after.rlim_cur == 200 && after.rlim_max == before.rlim_max ? 0 : 1;
  });
  CHECK(child.await() == 0);
}

TEST_CASE("A file limit that cannot be had is refused with advice") {
  constexpr uint64_t kBeyondAnyKernel = uint64_t{1} << 40;
  const Status refused = raise_file_limit(kBeyondAnyKernel);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.message().find("ulimit -n 1099511627776") != std::string::npos);
  CHECK(refused.message().find("maxclients") != std::string::npos);
}

}  // namespace
}  // namespace doris::net

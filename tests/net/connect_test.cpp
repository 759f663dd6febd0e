// Loop::connect().
#include <catch2/catch.hpp>
#include <future>
#include <optional>

#include "base/net/uv_loop.h"
#include "tests/net/server.h"

namespace doris::net {
namespace {

using Outcome = std::optional<Result<std::unique_ptr<Stream>>>;

// A loop on the test's own thread that connects to somewhere, and waits for the outcome.
class Caller {
 public:
  void connect(const Address& address, Millis timeout) {
    attempt_ = loop_->connect(address, timeout, [this](auto result) {
      ++called_;
      attempt_.reset();  // As most callers do.
      outcome_.emplace(std::move(result));
      loop_->stop();
    });
    CHECK(called_ == 0);
  }
  void cancel() { attempt_.reset(); }

  // Runs until the outcome is known; no longer than `limit`.
  void run(Millis limit = Millis{kPatienceSeconds * 1000}) {
    guard_->start(limit);
    loop_->run();
  }

  [[nodiscard]] int called() const { return called_; }
  [[nodiscard]] Code code() const { return outcome_ ? outcome_->code() : Code::kClosed; }
  [[nodiscard]] std::string message() const { return outcome_->status().message(); }
  [[nodiscard]] Stream& stream() { return ***outcome_; }

 private:
  std::unique_ptr<Loop> loop_ = make_uv_loop();
  std::unique_ptr<Timer> guard_ = loop_->timer([this] { loop_->stop(); });
  std::unique_ptr<Connecting> attempt_;
  Outcome outcome_;
  int called_ = 0;
};

// A socket with a port of its own.
class Bound {
 public:
  Bound() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    SocketAddress address = *SocketAddress::of({"127.0.0.1", 0});
    REQUIRE(::bind(fd_.get(), address.get(), address.size) == 0);
    REQUIRE(::getsockname(fd_.get(), address.get(), &address.size) == 0);
    port_ = address.address().port;
  }
  void listen(int backlog) const { REQUIRE(::listen(fd_.get(), backlog) == 0); }
  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  const SocketFd fd_;
  uint16_t port_ = 0;
};

TEST_CASE("A connection is made to a literal, to localhost and to a name") {
  // The resolver takes this short form of 127.0.0.1 without asking anybody; we do not know it.
  const std::string host = GENERATE("127.0.0.1", "localhost", "127.1");
  Server server([](Connection& made) { made.write("welcome"); });
  Caller caller;
  caller.connect({host, server.port()}, Millis{10'000});
  caller.run();
  REQUIRE(caller.code() == Code::kOk);
  CHECK(caller.called() == 1);
  CHECK(caller.stream().peer() == Address{"127.0.0.1", server.port()}.text());
}

TEST_CASE("Two streams of Doris talk to each other") {
  Server server([](Connection& made) {
    made.on_bytes = [](Connection& connection) { connection.write("reply"); };
  });
  LoopThread caller("caller");
  std::unique_ptr<Connecting> attempt;
  std::unique_ptr<Connection> connection;
  std::promise<std::string> answered;
  caller.run_and_wait([&] {
    attempt = caller.loop().connect({"127.0.0.1", server.port()}, Millis{10'000}, [&](auto made) {
      if (!made.ok()) return answered.set_value(made.status().message());
      connection = std::make_unique<Connection>(std::move(*made));
      connection->on_bytes = [&](Connection& me) { answered.set_value(me.received); };
      connection->write("request");  // Before start() is as good.
      connection->stream->start(*connection);
    });
  });
  CHECK(answered.get_future().get() == "reply");
  caller.run_and_wait([&] {
    connection.reset();
    attempt.reset();
  });
}

TEST_CASE("A port where nobody listens is unavailable") {
  const Bound nobody;
  Caller caller;
  caller.connect({"127.0.0.1", nobody.port()}, Millis{10'000});
  caller.run();
  CHECK(caller.called() == 1);
  CHECK(caller.code() == Code::kUnavailable);
  CHECK(caller.message().find(std::to_string(nobody.port())) != std::string::npos);
}

TEST_CASE("What the kernel refuses at once is told later, not from inside connect()") {
  Caller caller;
  caller.connect({"255.255.255.255", 1}, Millis{10'000});
  caller.run();
  CHECK(caller.called() == 1);
  CHECK(caller.code() == Code::kUnavailable);
}

TEST_CASE("A name that does not exist is unavailable") {
  Caller caller;
  caller.connect({"a..b", 6379}, Millis{10'000});
  caller.run();
  CHECK(caller.called() == 1);
  CHECK(caller.code() == Code::kUnavailable);
}

TEST_CASE("A peer that does not answer is a timeout") {
  const Bound busy;
  busy.listen(0);
  const Peer fills_the_backlog(busy.port());
  Caller caller;
  caller.connect({"127.0.0.1", busy.port()}, Millis{50});
  caller.run();
  CHECK(caller.called() == 1);
  CHECK(caller.code() == Code::kTimeout);
}

TEST_CASE("A cancelled attempt is never heard of again") {
  const std::string host = GENERATE("127.0.0.1", "127.1", "a..b", "255.255.255.255");
  const bool at_once = GENERATE(true, false);
  Server server;
  LoopThread caller("caller");
  int called = 0;
  std::unique_ptr<Connecting> attempt;
  const auto attempt_it = [&] {
    attempt = caller.loop().connect({host, server.port()}, Millis{20}, [&](auto) { ++called; });
    if (at_once) attempt.reset();
  };
  caller.run_and_wait([&] {
    attempt_it();
    attempt.reset();
  });
  Caller idle;
  idle.run(Millis{60});  // Time enough for it to succeed, fail or time out.
  caller.stop();
  CHECK(called == 0);
}

}  // namespace
}  // namespace doris::net

#include "resp/client.h"

#include <catch2/catch.hpp>
#include <optional>

#include "tests/support/fake_loop.h"

namespace doris::resp {
namespace {

constexpr uint16_t kPort = 7000;

// A server of bytes: it keeps what each connection has sent, and a test says what comes back.
class FakeServer {
 public:
  explicit FakeServer(testing::FakeLoop& loop) : loop_(loop) { start(); }

  void start() {
    auto listener = loop_.listen({"127.0.0.1", kPort}, [this](auto accepted) {
      connections_.push_back(*loop_.adopt(std::move(accepted)));
    });
    listener_ = *std::move(listener);
  }

  void stop() {
    listener_.reset();
    connections_.clear();
    loop_.settle();
  }

  void answer(std::string_view bytes) {
    last().out().bytes += bytes;
    loop_.settle();
  }

  void drop() {
    connections_.pop_back();
    loop_.settle();
  }

  [[nodiscard]] const std::string& asked() { return last().in().bytes; }
  [[nodiscard]] size_t connections() const { return connections_.size(); }

 private:
  testing::FakeStream& last() { return static_cast<testing::FakeStream&>(*connections_.back()); }

  testing::FakeLoop& loop_;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<net::Stream>> connections_;
};

// A client with short pauses, and the outcomes of its calls.
struct Calls {
  explicit Calls(Protocol protocol = Protocol::kResp2, size_t calls_max = 1024) {
    client.emplace(loop, random,
                   Client::Options{.address = {"127.0.0.1", kPort},
                                   .connect_timeout = Millis{100},
                                   .backoff_min = Millis{20},
                                   .backoff_max = Millis{200},
                                   .calls_max = calls_max,
                                   .protocol = protocol});
  }

  void call(std::string word, Millis timeout = Millis{500}) {
    client->call({std::move(word)}, timeout, [this](Result<Value> reply) { note(reply); });
  }

  void note(const Result<Value>& reply) {
    outcomes.push_back(reply.ok()                       ? reply->text
                       : reply.code() == Code::kTimeout ? "(timeout)"
                                                        : "(unavailable)");
    if (!reply.ok()) message = reply.status().message();
  }

  testing::FakeLoop loop;
  Random random{1};
  std::vector<std::string> outcomes;
  std::string message;  // Of the last call that failed.
  FakeServer server{loop};
  std::optional<Client> client;
};

using Outcomes = std::vector<std::string>;

std::string request(std::string_view word) {
  return "*1\r\n$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
}

TEST_CASE("calls are sent without waiting for replies, which come in order") {
  Calls calls;
  calls.call("a");
  calls.call("b");
  CHECK(calls.outcomes.empty());
  calls.loop.settle();
  CHECK(calls.client->connected());
  CHECK(calls.server.asked() == request("a") + request("b"));
  calls.server.answer("+1\r\n-ERR 2");
  calls.server.answer("\r\n");
  CHECK(calls.outcomes == Outcomes{"1", "ERR 2"});
}

TEST_CASE("a client connects when it is first called, not before") {
  Calls calls;
  calls.loop.advance(Millis{1000});
  CHECK(calls.loop.connects() == 0);
  calls.call("a");
  calls.loop.settle();
  CHECK(calls.loop.connects() == 1);
}

TEST_CASE("a call that is not answered in time times out, and takes the connection with it") {
  Calls calls;
  calls.call("slow", Millis{300});
  calls.call("patient", Millis{900});
  calls.loop.advance(Millis{299});
  CHECK(calls.outcomes.empty());
  calls.loop.advance(Millis{1});
  CHECK(calls.outcomes == Outcomes{"(timeout)", "(unavailable)"});
  CHECK_FALSE(calls.client->connected());
}

TEST_CASE("a short deadline behind a long one is kept") {
  Calls calls;
  calls.call("long", Millis{5000});
  calls.loop.settle();
  calls.call("short", Millis{50});
  calls.loop.advance(Millis{50});
  CHECK(calls.outcomes == Outcomes{"(unavailable)", "(timeout)"});
}

TEST_CASE("after a timeout a new connection answers new calls only") {
  Calls calls;
  calls.call("slow", Millis{50});
  calls.loop.advance(Millis{50});
  calls.call("next");
  calls.loop.advance(Millis{200});
  CHECK(calls.server.connections() == 2);
  CHECK(calls.server.asked() == request("next"));
  calls.server.answer("+yes\r\n");
  CHECK(calls.outcomes == Outcomes{"(timeout)", "yes"});
}

TEST_CASE("calls fail when the connection is lost, and the client connects again") {
  Calls calls;
  calls.call("a");
  calls.loop.settle();
  calls.server.drop();
  CHECK(calls.outcomes == Outcomes{"(unavailable)"});
  CHECK(calls.message == "127.0.0.1:7000: peer closed");
  calls.loop.advance(Millis{20});
  CHECK(calls.client->connected());
}

TEST_CASE("calls fail when no connection can be made, and attempts grow rare") {
  Calls calls;
  calls.server.stop();
  calls.call("a");
  calls.loop.settle();
  CHECK(calls.outcomes == Outcomes{"(unavailable)"});
  calls.loop.advance(Millis{10'000});
  const int attempts = calls.loop.connects();
  CHECK(attempts > 10'000 / 200 - 5);   // One each 200 ms at least, once it has slowed down,
  CHECK(attempts < 10'000 / 100 + 10);  // and each 100 ms at most.
  calls.server.start();
  calls.call("b");
  calls.loop.advance(Millis{200});
  calls.server.answer("+back\r\n");
  CHECK(calls.outcomes == Outcomes{"(unavailable)", "back"});
}

TEST_CASE("a server that cannot be reached makes calls fail after the connect timeout") {
  Calls calls;
  calls.loop.set_unreachable(true);
  calls.call("a", Millis{50});
  calls.call("b", Millis{500});
  calls.loop.advance(Millis{99});
  CHECK(calls.outcomes == Outcomes{"(timeout)"});  // b still hopes.
  calls.loop.advance(Millis{1});
  CHECK(calls.outcomes == Outcomes{"(timeout)", "(unavailable)"});
}

TEST_CASE("no more than calls_max wait, and the refusal does not come from inside call") {
  Calls calls(Protocol::kResp2, 2);
  calls.call("a");
  calls.call("b");
  calls.call("c");
  CHECK(calls.outcomes.empty());
  calls.loop.settle();
  CHECK(calls.outcomes == Outcomes{"(unavailable)"});
  calls.server.answer("+1\r\n+2\r\n");
  CHECK(calls.outcomes == Outcomes{"(unavailable)", "1", "2"});
}

TEST_CASE("RESP3 is agreed on first, on every connection") {
  Calls calls(Protocol::kResp3);
  const std::string hello = "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n";
  calls.call("a");
  calls.loop.settle();
  CHECK(calls.server.asked() == hello + request("a"));
  calls.server.answer("%1\r\n+proto\r\n:3\r\n>1\r\n+news\r\n#t\r\n");
  CHECK(calls.outcomes.size() == 1);
  calls.server.drop();
  calls.loop.advance(Millis{200});
  CHECK(calls.server.asked() == hello);
}

TEST_CASE("a server that refuses RESP3 is given up, with its reason") {
  Calls calls(Protocol::kResp3);
  calls.call("a");
  calls.loop.settle();
  calls.server.answer("-NOPROTO unsupported protocol version\r\n");
  CHECK(calls.outcomes == Outcomes{"(unavailable)"});
  CHECK(calls.message == "127.0.0.1:7000: refused HELLO 3: NOPROTO unsupported protocol version");
}

TEST_CASE("a server that does not speak RESP, or answers unasked, is given up") {
  Calls calls;
  calls.call("a");
  calls.loop.settle();
  SECTION("no RESP") {
    calls.server.answer("HTTP/1.1 400\r\n");
    CHECK(calls.outcomes == Outcomes{"(unavailable)"});
  }
  SECTION("unasked") {
    calls.server.answer("+1\r\n+2\r\n");
    CHECK(calls.outcomes == Outcomes{"1"});
  }
  CHECK_FALSE(calls.client->connected());
}

TEST_CASE("a large reply arrives whole") {
  Calls calls;
  calls.call("a");
  calls.loop.settle();
  const std::string big(1'000'000, 'x');
  calls.server.answer("$1000000\r\n" + big + "\r\n");
  CHECK((calls.outcomes == Outcomes{big}));
}

// ---- Callbacks ----

TEST_CASE("a callback may call again") {
  Calls calls;
  calls.client->call({"a"}, Millis{500}, [&](const Result<Value>&) { calls.call("b"); });
  calls.loop.settle();
  calls.server.answer("+1\r\n");
  calls.server.answer("+2\r\n");
  CHECK(calls.outcomes == Outcomes{"2"});
}

TEST_CASE("a callback may destroy its client, and no other callback follows") {
  Calls calls;
  const auto destroy = [&](const Result<Value>& reply) {
    calls.note(reply);
    calls.client.reset();
  };
  calls.client->call({"a"}, Millis{500}, destroy);
  calls.call("b");
  calls.loop.settle();
  SECTION("at a reply") {
    calls.server.answer("+1\r\n+2\r\n");
  }
  SECTION("when the connection is lost") {
    calls.server.drop();
  }
  SECTION("at a deadline") {
    calls.loop.advance(Millis{500});
  }
  CHECK(calls.outcomes.size() == 1);
}

TEST_CASE("after destruction no callback runs") {
  Calls calls(Protocol::kResp2, 1);
  calls.call("a");
  calls.call("refused");
  SECTION("while connecting") {}
  SECTION("while connected") {
    calls.loop.run_pass();
  }
  calls.outcomes.clear();
  calls.client.reset();
  calls.loop.advance(Millis{5000});
  CHECK(calls.outcomes.empty());
}

}  // namespace
}  // namespace doris::resp

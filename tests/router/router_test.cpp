// The whole router, on real threads and sockets, with an admin that a test plays.
#include "router/router.h"

#include <catch2/catch.hpp>
#include <future>
#include <utility>

#include "base/net/loop_thread.h"
#include "base/topology/topology_codec.h"
#include "resp/client.h"
#include "tests/topology/sample_topology.h"

namespace doris::router {
namespace {

constexpr Millis kPatience{20'000};

// Answers DORIS.REGISTER, once it may, and DORIS.STATUS; whoever watches waits. Lives on a loop.
class FakeAdmin {
 public:
  FakeAdmin(net::Loop& loop, bool registers) : loop_(loop), registers_(registers) {
    auto listener = loop.listen({"127.0.0.1", 0}, [this](auto accepted) {
      auto stream = loop_.adopt(std::move(accepted));
      sessions_.push_back(std::make_unique<Connection>(std::move(*stream), *this));
      sessions_.back()->start();
    });
    listener_ = std::move(*listener);
  }
  [[nodiscard]] uint16_t port() const { return listener_->port(); }

  // Answers who has asked to be registered, and from now on at once.
  void start_registering() {
    registers_ = true;
    for (const auto& session : sessions_)
      session->registered();
  }

 private:
  class Connection final : public resp::Session {
   public:
    Connection(std::unique_ptr<net::Stream> stream, const FakeAdmin& admin)
        : resp::Session(std::move(stream), {1 << 20, 64, 1 << 16}), admin_(admin) {}

    void registered() {
      if (!std::exchange(registers_, false) || ended()) return;
      const topology::Topology topology = topology::test::formed_topology(16, 1);
      reply().array(3).bulk(topology.cluster).integer(1).bulk(topology::encode(topology));
      flush_soon();
    }

   private:
    void on_command(std::span<const std::string_view> args) override {
      if (args[0] == "HELLO") {
        set_protocol(resp::Protocol::kResp3);
        reply().map(0);
      } else if (args[0] == "DORIS.REGISTER") {
        registers_ = true;
        if (admin_.registers_) registered();
      } else if (args[0] == "DORIS.STATUS") {
        reply().map(1).bulk("state").bulk("serving");
      }
      flush_soon();
    }
    void on_ended(const Status&) override {}

    const FakeAdmin& admin_;
    bool registers_ = false;  // Has asked to be registered and not been answered.
  };

  net::Loop& loop_;
  bool registers_;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<Connection>> sessions_;
};

// A router of two workers, its admin and its clients. All but the workers on one thread.
class RunningRouter {
 public:
  struct Options {
    uint32_t clients_max = 100;
    bool registers = true;  // The admin does, at once.
    const char* request_timeout = "5s";
  };

  RunningRouter() : RunningRouter(Options{}) {}
  explicit RunningRouter(const Options& options) : thread_("control") {
    thread_.run_and_wait(
        [&] { admin_ = std::make_unique<FakeAdmin>(thread_.loop(), options.registers); });
    settings_ = std::make_unique<Settings>(config(options));
    thread_.run_and_wait([&] {
      router_ = std::make_unique<Router>(thread_.loop(), clock_, random_, *settings_,
                                         net::start_loop_thread);
      started_ = router_->start();
    });
    REQUIRE(started_.ok());
  }
  ~RunningRouter() {
    thread_.run_and_wait([&] {
      clients_.clear();
      router_.reset();
      admin_.reset();
    });
  }

  // Sends a command on connection `number`, which is opened when first used.
  std::future<resp::Value> send(std::vector<std::string> args, size_t number = 0) {
    auto promise = std::make_shared<std::promise<resp::Value>>();
    thread_.run_and_wait([&] {
      while (clients_.size() <= number) {
        clients_.push_back(std::make_unique<resp::Client>(
            thread_.loop(), random_,
            resp::Client::Options{.address = {"127.0.0.1", router_->port()}}));
      }
      clients_[number]->call(std::move(args), kPatience, [promise](Result<resp::Value> reply) {
        promise->set_value(reply.ok() ? *std::move(reply)
                                      : resp::Value::error(reply.status().message()));
      });
    });
    return promise->get_future();
  }
  resp::Value ask(std::vector<std::string> args, size_t number = 0) {
    return send(std::move(args), number).get();
  }

  void start_registering() {
    thread_.run_and_wait([&] { admin_->start_registering(); });
  }

  void end_admin() {
    thread_.run_and_wait([&] { admin_.reset(); });
  }

  // Why a second router on the same port does not start.
  Status start_another() {
    Config another = config(Options{});
    REQUIRE(another.set("router-port", std::to_string(router_->port()), "test").ok());
    const Settings settings(another);
    Status status;
    thread_.run_and_wait([&] {
      Router router(thread_.loop(), clock_, random_, settings, net::start_loop_thread);
      status = router.start();
    });
    return status;
  }

  void end_router() {
    thread_.run_and_wait([&] { router_.reset(); });
  }

  [[nodiscard]] uint16_t port() const { return router_->port(); }

 private:
  Config config(const Options& options) {
    Config config;
    const std::pair<const char*, std::string> values[] = {
        {"router-port", "0"},
        {"router-threads", "2"},
        {"maxclients", std::to_string(options.clients_max)},
        {"request-timeout", options.request_timeout},
        {"admin", "127.0.0.1:" + std::to_string(admin_->port())}};
    for (const auto& [key, value] : values)
      REQUIRE(config.set(key, value, "test").ok());
    return config;
  }

  SystemClock clock_;
  Random random_{3};
  net::LoopThread thread_;
  std::unique_ptr<Settings> settings_;
  Status started_;

  // Live on the thread.
  std::unique_ptr<FakeAdmin> admin_;
  std::unique_ptr<Router> router_;
  std::vector<std::unique_ptr<resp::Client>> clients_;
};

bool has(const resp::Value& value, const std::string& part) {
  return value.text.find(part) != std::string::npos;
}

TEST_CASE("CLIENT LIST knows the clients of all workers, whose ids differ") {
  RunningRouter router;
  std::vector<int64_t> ids;
  for (size_t i = 0; i < 4; ++i)
    ids.push_back(router.ask({"CLIENT", "ID"}, i).integer);
  const resp::Value list = router.ask({"CLIENT", "LIST"}, 2);
  CHECK(std::count(list.text.begin(), list.text.end(), '\n') == 4);
  for (const int64_t id : ids)
    CHECK(has(list, "id=" + std::to_string(id) + " "));
}

TEST_CASE("CLIENT KILL closes clients of all workers, and the one that asks last") {
  RunningRouter router;
  for (size_t i = 0; i < 5; ++i)
    router.ask({"PING"}, i);
  const std::string id = std::to_string(router.ask({"CLIENT", "ID"}, 4).integer);
  CHECK(router.ask({"CLIENT", "KILL", "ID", id}, 2).integer == 1);
  CHECK(router.ask({"CLIENT", "KILL", "TYPE", "normal"}, 1).integer == 3);
  CHECK(router.ask({"CLIENT", "KILL", "SKIPME", "no"}, 1).integer == 1);
}

TEST_CASE("INFO adds up all workers, and shows the port that the system chose") {
  RunningRouter router;
  router.ask({"PING"}, 0);
  router.ask({"PING"}, 1);
  const resp::Value info = router.ask({"INFO"}, 2);
  CHECK(has(info, "connected_clients:3\r\n"));
  CHECK(has(info, "io_threads:2\r\n"));
  CHECK(has(info, "tcp_port:" + std::to_string(router.port()) + "\r\n"));
}

TEST_CASE("who comes before the topology waits for it, whichever worker it gets") {
  RunningRouter router({.registers = false});
  std::vector<std::future<resp::Value>> reads;
  std::vector<std::future<resp::Value>> infos;
  for (size_t i = 0; i < 4; ++i) {
    infos.push_back(router.send({"INFO", "doris"}, i));
    reads.push_back(router.send({"GET", "k"}, i));
  }
  router.start_registering();
  for (auto& info : infos)
    CHECK(has(info.get(), "epoch:1\r\n"));
  // The data servers of this topology do not exist, so once it is known a read waits.
  for (auto& read : reads) {
    if (read.wait_for(Millis{0}) == std::future_status::ready) {
      CHECK_THAT(read.get().text, !Catch::StartsWith("LOADING"));
    }
  }
  CHECK(router.ask({"PING"}, 4).text == "PONG");
}

TEST_CASE("without a topology for request-timeout, those who wait for it are told") {
  RunningRouter router({.registers = false, .request_timeout = "50ms"});
  for (int i = 0; i < 2; ++i) {
    CHECK_THAT(router.ask({"GET", "k"}).text, Catch::StartsWith("LOADING the router has no"));
  }
  CHECK(router.ask({"PING"}, 1).text == "PONG");
  router.end_router();
}

TEST_CASE("a router may end while clients wait for its first topology") {
  RunningRouter router({.registers = false});
  auto early = router.send({"PING"});
  router.end_router();
  CHECK(early.wait_for(kPatience) == std::future_status::ready);
}

TEST_CASE("operator commands are answered by the admin, as readable lines for RESP2") {
  RunningRouter router;
  const resp::Value reply = router.ask({"DORIS.STATUS"});
  REQUIRE(reply.is(resp::Value::Kind::kArray));
  REQUIRE(reply.items.size() == 5);
  CHECK(has(reply.items[0], "state:"));
  CHECK(has(reply.items[0], "serving"));
  CHECK(reply.items[1].text == "this router:");
  CHECK(has(reply.items[4], "request-timeout:"));
  CHECK(has(reply.items[4], "5000 ms"));
}

TEST_CASE("operator commands say so when the admin is not there") {
  RunningRouter router;
  router.end_admin();
  const resp::Value reply = router.ask({"DORIS.STATUS"});
  CHECK(reply.is(resp::Value::Kind::kError));
  CHECK(reply.text.starts_with("ERR the admin at 127.0.0.1:"));
  CHECK(router.ask({"PING"}).text == "PONG");
}

TEST_CASE("one client more than maxclients is told so; when one leaves, there is room again") {
  RunningRouter router({.clients_max = 2});
  router.ask({"PING"}, 0);
  router.ask({"PING"}, 1);
  CHECK(router.ask({"PING"}, 2).text == "ERR max number of clients reached");
  CHECK(has(router.ask({"INFO"}, 0), "rejected_connections:1\r\n"));
  router.ask({"QUIT"}, 1);
  resp::Value reply;
  for (int tries = 0; tries < 1000 && reply.text != "PONG"; ++tries)
    reply = router.ask({"PING"}, 2);
  CHECK(reply.text == "PONG");
}

TEST_CASE("a second router cannot have the same port") {
  RunningRouter router;
  CHECK(router.start_another().code() == Code::kExists);
}

TEST_CASE("a router may end while its clients ask all workers for what concerns all") {
  RunningRouter router;
  std::vector<std::future<resp::Value>> replies;
  for (size_t i = 0; i < 200; ++i)
    replies.push_back(router.send({i % 2 == 0 ? "INFO" : "PING"}, i % 8));
  router.end_router();
  for (auto& reply : replies)
    CHECK(reply.wait_for(kPatience) == std::future_status::ready);
}

}  // namespace
}  // namespace doris::router

// Fixtures of whole nodes: a RunningNode with Berkeley DB in a directory of its own, an admin
// that says what it is told to, and connections to ask the node as anybody would.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/net/loop_thread.h"
#include "base/net/uv_loop.h"
#include "base/topology/topology_codec.h"
#include "resp/client.h"
#include "resp/session.h"
#include "server/bdb_stores.h"
#include "server/node.h"
#include "tests/base/scratch_directory.h"
#include "tests/topology/sample_topology.h"

namespace doris::server::test {

constexpr Millis kPatience{20000};  // For what takes milliseconds on a free machine.

using Words = std::vector<std::string>;

// Whether `holds` comes true before the patience ends.
inline bool eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(Millis{2});
  }
  return true;
}

// An admin on a thread of its own, with one topology at a time.
class FakeAdmin {
 public:
  FakeAdmin() : thread_("admin") {
    thread_.run_and_wait([this] {
      auto listener = thread_.loop().listen({"127.0.0.1", 0}, [this](auto accepted) {
        auto stream = thread_.loop().adopt(std::move(accepted));
        if (!stream.ok()) return;
        sessions_.push_back(std::make_unique<Peer>(*this, *std::move(stream)));
        sessions_.back()->start();
      });
      if (!listener.ok()) return;
      listener_ = *std::move(listener);
      port_ = listener_->port();
    });
    REQUIRE(port_ != 0);
  }
  ~FakeAdmin() {
    thread_.run_and_wait([this] {
      sessions_.clear();
      listener_.reset();
    });
  }

  [[nodiscard]] uint16_t port() const { return port_; }

  // Whoever registers, watches or pulls from now on is told this.
  void publish(const topology::Topology& topology) {
    thread_.run_and_wait([&] {
      topology_ = topology;
      for (const auto& session : sessions_)
        session->end_watch();
    });
  }

  // Registrations are answered with this error; "" accepts them.
  void refuse(const std::string& error) {
    thread_.run_and_wait([&] { refusal_ = error; });
  }

  // The last registration, its words joined by spaces.
  std::string registration() {
    std::string words;
    thread_.run_and_wait([&] { words = registration_; });
    return words;
  }

 private:
  class Peer final : public resp::Session {
   public:
    Peer(FakeAdmin& admin, std::unique_ptr<net::Stream> stream)
        : resp::Session(std::move(stream), {1 << 20, 64, 1 << 16}), admin_(admin) {}

    void end_watch() {
      if (ended() || !watched_ || admin_.topology_.epoch <= *watched_) return;
      watched_.reset();
      reply().bulk(topology::encode(admin_.topology_));
      flush_soon();
    }

   private:
    void on_command(std::span<const std::string_view> args) override {
      if (args[0] == "DORIS.REGISTER") {
        admin_.registration_.clear();
        for (const auto word : args)
          admin_.registration_.append(word).append(" ");
        if (!admin_.refusal_.empty()) {
          reply().error(admin_.refusal_);
        } else {
          reply().array(2).bulk(admin_.topology_.cluster);
          reply().bulk(topology::encode(admin_.topology_));
        }
      } else if (args[0] == "DORIS.WATCH") {
        watched_ = std::stoull(std::string(args[1]));
        end_watch();
      } else if (admin_.topology_.epoch > std::stoull(std::string(args[1]))) {  // DORIS.PULL
        reply().bulk(topology::encode(admin_.topology_));
      } else {
        reply().null();
      }
      flush_soon();
    }
    void on_ended(const Status&) override {}

    FakeAdmin& admin_;
    std::optional<topology::Epoch> watched_;
  };

  net::LoopThread thread_;
  uint16_t port_ = 0;

  // Live on the thread.
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<Peer>> sessions_;
  topology::Topology topology_ = topology::test::forming_topology(64, 1, 2);
  std::string refusal_ = "REFUSED not yet";
  std::string registration_;
};

// Node a1 with two shards, in a cluster of a1 and b1, and its admin.
class RunningNode {
 public:
  RunningNode() : clients_thread_("clients") {}
  ~RunningNode() {
    close_connections();
    stop();
  }

  // ---- The node ----

  Settings settings() {
    Config config;
    std::vector<std::pair<std::string, std::string>> values = {
        {"node-name", "a1"},
        {"group", "a"},
        {"bind", "127.0.0.1"},
        {"server-port", "0"},
        {"machine", "machine-1"},
        {"server-dir", scratch_.file("a1")},
        {"shards", "2"},
        {"cache-size", "32mb"},
        {"log-segment-size", "1mb"},
        {"disk-free-min", "2mb"},
        {"admin", "127.0.0.1:" + std::to_string(admin_.port())}};
    values.insert(values.end(), overrides_.begin(), overrides_.end());
    for (const auto& [key, value] : values)
      REQUIRE(config.set(key, value, "test").ok());
    auto settings = Settings::from(config);
    REQUIRE(settings.ok());
    return *std::move(settings);
  }

  void start() {
    loop_ = net::make_uv_loop();
    node_ = std::make_unique<Node>(*loop_, clock_, random_, settings(), net::start_loop_thread,
                                   std::make_unique<BdbStores>(settings()));
    const Status started = node_->start();
    INFO(started.message());
    REQUIRE(started.ok());
    port_ = node_->port();
    thread_ = std::thread([loop = loop_.get()] { loop->run(); });
  }

  // What a start comes to; it does not run.
  Status try_to_start() {
    const auto loop = net::make_uv_loop();
    Node node(*loop, clock_, random_, settings(), net::start_loop_thread,
              std::make_unique<BdbStores>(settings()));
    return node.start();
  }

  // As SIGTERM does.
  void stop() {
    if (!thread_.joinable()) return;
    loop_->stop();
    thread_.join();
    node_.reset();
    loop_.reset();
  }

  void restart() {
    close_connections();
    stop();
    start();
  }

  // Runs it until it serves the formed topology of `epoch`.
  void start_serving(topology::Epoch epoch = 3) {
    admin_.publish(formed(epoch));
    admin_.refuse("");
    start();
    REQUIRE(eventually([&] { return heartbeat() == at(epoch, true); }));
  }

  static topology::Topology formed(topology::Epoch epoch) {
    topology::Topology topology = topology::test::formed_topology(64, 1, 2);
    topology.epoch = epoch;
    return topology;
  }
  static topology::Topology forming(topology::Epoch epoch) {
    topology::Topology topology = topology::test::forming_topology(64, 1, 2);
    topology.epoch = epoch;
    return topology;
  }
  static std::string cluster() { return formed(1).cluster; }

  // ---- Asking it ----

  // Sends on the connection to a port (opened when first used); the reply comes later.
  std::future<resp::Value> send(uint16_t port, Words words,
                                resp::Protocol protocol = resp::Protocol::kResp2) {
    auto promise = std::make_shared<std::promise<resp::Value>>();
    clients_thread_.run_and_wait([&] {
      auto& client = clients_[{port, protocol}];
      if (client == nullptr) {
        client = std::make_unique<resp::Client>(
            clients_thread_.loop(), random_of_clients_,
            resp::Client::Options{
                .address = {"127.0.0.1", port}, .calls_max = 4096, .protocol = protocol});
      }
      client->call(std::move(words), kPatience, [promise](Result<resp::Value> reply) {
        promise->set_value(reply.ok() ? *std::move(reply)
                                      : resp::Value::error("LOST " + reply.status().message()));
      });
    });
    return promise->get_future();
  }

  resp::Value ask(const Words& words, resp::Protocol protocol = resp::Protocol::kResp2) {
    return send(port_, words, protocol).get();
  }
  resp::Value ask_shard(uint32_t shard, const Words& words) {
    return send(shard_port(shard), words).get();
  }

  resp::Value link(uint32_t shard, topology::Epoch epoch) {
    return ask_shard(shard, {"DORIS.LINK", cluster(), std::to_string(epoch), "257"});
  }

  resp::Value whole_heartbeat() { return ask({"DORIS.HEARTBEAT", cluster(), "1", "0", "0"}); }
  // Of it: name, epoch, ready, shards offline.
  resp::Value heartbeat() {
    resp::Value value = whole_heartbeat();
    if (value.items.size() > 4) value.items.resize(4);
    return value;
  }
  static resp::Value at(topology::Epoch epoch, bool ready) {
    resp::Value value;
    value.kind = resp::Value::Kind::kArray;
    value.items = {resp::Value::bulk("a1"), resp::Value::of(static_cast<int64_t>(epoch)),
                   resp::Value::of(ready ? 1 : 0), resp::Value::of(0)};
    return value;
  }

  // Sets a key of which a1 has the primary replica, on the right shard. REQUIRES: linked.
  std::future<resp::Value> set(const std::string& key, const std::string& value, uint64_t hlc = 1) {
    const topology::Vnode vnode = vnode_of(key);
    const bool primary = formed(1).primary[vnode] == topology::Group::kA;
    std::string version(resp::Version::kBytes, '\0');
    resp::Version{3, hlc, 257}.encode(version.data());
    return send(shard_port(vnode % 2),
                {"VSET", primary ? "P" : "S", std::to_string(vnode), key, version, "0", value});
  }
  resp::Value get(const std::string& key) {
    const topology::Vnode vnode = vnode_of(key);
    resp::Value value = ask_shard(vnode % 2, {"VGET", std::to_string(vnode), key});
    const bool unsettled = value.is(resp::Value::Kind::kArray) && value.items.size() == 2;
    return unsettled ? resp::Value(value.items[0]) : value;
  }

  [[nodiscard]] uint16_t shard_port(uint32_t shard) const {
    return static_cast<uint16_t>(port_ + 1 + shard);
  }
  void close_connections() {
    clients_thread_.run_and_wait([this] { clients_.clear(); });
  }

 protected:
  topology::Vnode vnode_of(const std::string& key) { return hasher_.vnode(key, 64); }

  std::vector<std::pair<std::string, std::string>> overrides_;  // Settings, before start().
  ScratchDirectory scratch_;
  FakeAdmin admin_;
  SystemClock clock_;
  Random random_{7};
  topology::KeyHasher hasher_;

  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<Node> node_;
  std::thread thread_;  // The control thread.
  uint16_t port_ = 0;

  net::LoopThread clients_thread_;
  Random random_of_clients_{8};
  std::map<std::pair<uint16_t, resp::Protocol>, std::unique_ptr<resp::Client>> clients_;
};

}  // namespace doris::server::test

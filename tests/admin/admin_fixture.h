// Fixtures of whole admins: a RunningAdmin on a thread of its own, FakeServers that it
// watches, and a connection to ask it as anybody would.
#pragma once

#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "admin/admin.h"
#include "base/net/loop_thread.h"
#include "base/topology/topology_codec.h"
#include "resp/client.h"
#include "tests/base/scratch_directory.h"

namespace doris::admin::test {

constexpr Millis kPatience{20000};  // For what takes milliseconds on a free machine.

// Whether `holds` comes true before the patience ends.
inline bool eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(Millis{2});
  }
  return true;
}

// The control port of a data server: answers heartbeats, and adopts what it is sent. Made,
// changed and destroyed on the loop's thread.
class FakeServer {
 public:
  FakeServer(net::Loop& loop, std::string server_name) : name(std::move(server_name)), loop_(loop) {
    listen(0);
  }

  void listen(uint16_t at) {
    auto listener = loop_.listen({"127.0.0.1", at}, [this](auto accepted) {
      auto stream = loop_.adopt(std::move(accepted));
      if (!stream.ok()) return;
      sessions_.push_back(std::make_unique<Control>(*this, *std::move(stream)));
      sessions_.back()->start();
    });
    if (!listener.ok()) return;
    listener_ = *std::move(listener);
    port = listener_->port();
  }

  // As if the process were gone: nobody listens, connections are cut.
  void vanish() {
    listener_.reset();
    sessions_.clear();
  }

  std::string name;
  uint16_t port = 0;
  topology::Epoch epoch = 0;
  bool ready = true;
  bool frozen = false;  // Reads, and never answers.
  uint32_t shards_offline = 0;
  bool recovers = true;      // Is complete in every epoch at once.
  uint64_t incarnation = 1;  // Changes when its process is started anew.
  bool disk_full = false;
  resp::Value recovery;                          // As the heartbeat's items of these names.
  resp::Value logs = resp::Value::array({});     //
  resp::Value verification;                      //
  resp::Value anti_entropy;                      //
  int64_t disk_mark = 0;                         //
  int64_t silent_for = 0;                        // Of a shard, in ms.
  std::pair<std::string, std::string> wanted{};  // The verification, and whether it repairs.
  bool sees_others = false;  // What it answers when asked whether another one answers.
  int heartbeats = 0;        // How many it has answered.
  int probes = 0;            // How often it was asked that.
  int refusals_left = 0;     // How many DORIS.ADOPT to refuse.
  std::string last_error;    // What was wrong with a topology.

 private:
  class Control final : public resp::Session {
   public:
    Control(FakeServer& server, std::unique_ptr<net::Stream> stream)
        : resp::Session(std::move(stream), {1 << 20, 64, 1 << 16}), server_(server) {}

   private:
    void on_command(Args args) override {
      if (server_.frozen) return;
      if (args[0] == "DORIS.HEARTBEAT") {
        ++server_.heartbeats;
        server_.wanted = {std::string(args[3]), std::string(args[4])};
        reply()
            .array(14)
            .bulk(server_.name)
            .integer(static_cast<int64_t>(server_.epoch))
            .integer(server_.ready ? 1 : 0)
            .integer(server_.shards_offline)
            .integer(static_cast<int64_t>(server_.recovers ? server_.epoch : 0))
            .integer(server_.recovers ? 0 : 7)
            .integer(static_cast<int64_t>(server_.incarnation))
            .integer(server_.disk_full ? 1 : 0)
            .value(server_.recovery)
            .value(server_.logs)
            .value(server_.verification)
            .value(server_.anti_entropy)
            .integer(server_.disk_mark)
            .integer(server_.silent_for);
      } else if (args[0] == "DORIS.PROBE") {
        ++server_.probes;
        reply().integer(server_.sees_others ? 1 : 0);
      } else if (args[0] == "DORIS.ADOPT") {
        server_.adopt(*this, args[1]);
      }
      flush_soon();
    }
    void on_ended(const Status&) override {}

    FakeServer& server_;
  };

  void adopt(Control& control, std::string_view text) {
    if (refusals_left > 0) {
      --refusals_left;
      control.reply().error("ERR not now");
      return;
    }
    const auto topology = topology::decode(text);
    if (topology.ok()) {
      epoch = std::max(epoch, topology->epoch);
    } else {
      last_error = topology.status().message();
    }
    control.reply().simple("OK");
  }

  net::Loop& loop_;
  std::vector<std::unique_ptr<Control>> sessions_;
  std::unique_ptr<net::Listener> listener_;
};

// Settings and their values.
using Overrides = std::vector<std::pair<std::string, std::string>>;

// An admin, its servers and its client, together on one thread.
class RunningAdmin {
 public:
  explicit RunningAdmin(const Overrides& overrides = {})
      : settings_(config_of(scratch_.file("admin"), overrides)), thread_("admin") {
    start();
  }
  ~RunningAdmin() {
    thread_.run_and_wait([this] {
      clients_.clear();
      admin_.reset();
      servers_.clear();
    });
  }

  void start() {
    Status started;
    thread_.run_and_wait([&] {
      admin_ = std::make_unique<Admin>(thread_.loop(), clock_, random_, settings_);
      started = admin_->start();
      port_ = started.ok() ? admin_->port() : 0;
    });
    INFO(started.message());
    REQUIRE(started.ok());
  }

  // As a restart does: everything that is not on the disk is forgotten.
  void restart() {
    thread_.run_and_wait([this] {
      clients_.clear();
      admin_.reset();
    });
    start();
  }

  // A second admin with these settings; why it does not start.
  Status start_another(const Overrides& overrides) {
    Status started;
    const Settings settings(config_of(scratch_.file("another"), overrides));
    thread_.run_and_wait([&] {
      Admin another(thread_.loop(), clock_, random_, settings);
      started = another.start();
    });
    return started;
  }

  [[nodiscard]] uint16_t port() const { return port_; }

  // Sends a command on connection `number` (opened when first used); the reply comes later.
  std::future<resp::Value> send(std::vector<std::string> words, size_t number = 0,
                                resp::Protocol protocol = resp::Protocol::kResp3) {
    auto promise = std::make_shared<std::promise<resp::Value>>();
    thread_.run_and_wait([&] {
      while (clients_.size() <= number) {
        clients_.push_back(std::make_unique<resp::Client>(
            thread_.loop(), random_,
            resp::Client::Options{
                .address = {"127.0.0.1", port_}, .calls_max = 4096, .protocol = protocol}));
      }
      clients_[number]->call(std::move(words), kPatience, [promise](Result<resp::Value> reply) {
        promise->set_value(reply.ok() ? *std::move(reply)
                                      : resp::Value::error(reply.status().message()));
      });
    });
    return promise->get_future();
  }

  resp::Value ask(std::vector<std::string> words, size_t number = 0,
                  resp::Protocol protocol = resp::Protocol::kResp3) {
    return send(std::move(words), number, protocol).get();
  }

  // A data server that listens; register_server() lets it in.
  FakeServer& add_server(const std::string& name) {
    FakeServer* server = nullptr;
    thread_.run_and_wait([&] {
      servers_.push_back(std::make_unique<FakeServer>(thread_.loop(), name));
      server = servers_.back().get();
    });
    return *server;
  }

  resp::Value register_server(const FakeServer& server, const std::string& cluster = "-") {
    const std::string group = server.name[0] == 's' ? "standby" : server.name.substr(0, 1);
    return ask({"DORIS.REGISTER", "server", server.name, group, "machine-" + server.name,
                "127.0.0.1", std::to_string(server.port), "1", cluster, "0",
                std::to_string(server.incarnation), std::to_string(server.disk_mark)});
  }

  // Runs `work` on the thread of the admin and the servers.
  void on_thread(const std::function<void()>& work) { thread_.run_and_wait(work); }

  template <class T>
  T read(const T& shared) {
    T copy{};
    thread_.run_and_wait([&] { copy = shared; });
    return copy;
  }

  // One item of DORIS.NODES.
  std::string node_text(std::string_view node, std::string_view key) {
    const resp::Value nodes = ask({"DORIS.NODES"});
    for (const resp::Value& row : nodes.items) {
      if (row.get("node")->text == node) return row.get(key)->text;
    }
    return "no such node";
  }

  std::string status_text(std::string_view key) {
    const resp::Value status = ask({"DORIS.STATUS"});
    const resp::Value* const value = status.get(key);
    return value == nullptr ? "no such key" : value->text;
  }

 private:
  static Config config_of(const std::string& directory, const Overrides& overrides) {
    Config config;
    Overrides all = {{"admin-dir", directory},    {"admin-port", "0"},
                     {"vnodes", "1000"},          {"heartbeat-interval", "10ms"},
                     {"heartbeat-timeout", "2s"}, {"heartbeat-failures", "2"}};
    all.insert(all.end(), overrides.begin(), overrides.end());
    for (const auto& [key, value] : all)
      REQUIRE(config.set(key, value, "test").ok());
    return config;
  }

  ScratchDirectory scratch_;
  SystemClock clock_;
  Random random_{7};
  const Settings settings_;
  net::LoopThread thread_;
  uint16_t port_ = 0;

  // Live on the thread.
  std::vector<std::unique_ptr<FakeServer>> servers_;
  std::unique_ptr<Admin> admin_;
  std::vector<std::unique_ptr<resp::Client>> clients_;
};

}  // namespace doris::admin::test

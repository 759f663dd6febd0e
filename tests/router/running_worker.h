// A router's worker with clients in front of it and two data servers of one shard each, a1 and
// b1, behind it; all of memory, on one loop whose clock the test moves.
//
//   RunningWorker router;
//   CHECK(router.ask("SET k 1") == "+OK");
//   CHECK(router.primary("k").asked == Lines{"VSET P k 1"});
#pragma once

#include <fmt/format.h>

#include <utility>

#include "router/worker.h"
#include "tests/router/fake_shard.h"
#include "tests/support/manual_clock.h"
#include "tests/topology/sample_topology.h"

namespace doris::router::test {

using Lines = std::vector<std::string>;
using Overrides = std::vector<std::pair<std::string, std::string>>;

constexpr uint32_t kVnodes = 16;

// A reply as a person would write it: +OK, -ERR no, :1, "text", nil, [:1 "a"], {"k" :1}.
inline std::string shown(const resp::Value& value) {
  using Kind = resp::Value::Kind;
  const auto joined = [&] {
    std::string text;
    for (const resp::Value& item : value.items)
      text += (text.empty() ? "" : " ") + shown(item);
    return text;
  };
  switch (value.kind) {
    case Kind::kNull:
      return "nil";
    case Kind::kSimple:
      return "+" + value.text;
    case Kind::kError:
      return "-" + value.text;
    case Kind::kInteger:
      return ":" + std::to_string(value.integer);
    case Kind::kVerbatim:
      return "=" + value.text;
    case Kind::kMap:
      return "{" + joined() + "}";
    case Kind::kArray:
      return "[" + joined() + "]";
    default:
      return "\"" + value.text + "\"";
  }
}

// A Redis client that writes down what it is told.
class FakeClient final : private net::StreamHandler {
 public:
  explicit FakeClient(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {
    stream_->start(*this);
  }

  // Sends a command of words, or bytes as they are.
  void say(std::string_view line) { send(std::string(line) + "\r\n"); }
  void send(std::string_view bytes) {
    stream_->output().append(bytes);
    stream_->flush_soon();
  }

  // The connection under it, to be clogged or looked into.
  testing::FakeStream& wire() { return static_cast<testing::FakeStream&>(*stream_); }
  [[nodiscard]] bool connected() const { return !ended_; }

  // The replies that have come since the last call.
  Lines replies() { return std::exchange(replies_, {}); }

 private:
  std::span<char> read_buffer() override { return input_.prepare(64 * 1024); }
  void on_read(size_t bytes) override {
    input_.commit(bytes);
    while (!input_.empty()) {
      const resp::Parsed parsed = parser_.parse(input_.view());
      if (parsed == resp::Parsed::kNeedMore) return;
      DORIS_CHECK(parsed == resp::Parsed::kCommand, "the router speaks RESP");
      replies_.push_back(shown(parser_.reply().to_value()));
      input_.consume(parser_.consumed());
    }
  }
  void on_end(const Status&) override { ended_ = true; }

  std::unique_ptr<net::Stream> stream_;
  resp::ReplyParser parser_{{64UL << 20, 1024 * 1024, 32}};
  Buffer input_;
  Lines replies_;
  bool ended_ = false;
};

// The control thread, as far as a worker knows it.
class FakeControl final : public Control {
 public:
  Worker* worker = nullptr;  // For CLIENT LIST and CLIENT KILL.
  std::vector<Lines> forwarded;
  std::vector<ValueCallback> unanswered;  // Of what was forwarded.
  std::vector<topology::Epoch> wanted;
  Lines reports;  // "a1: why"
  int clients_ended = 0;

 private:
  void forward(Lines args, resp::Protocol, ValueCallback done) override {
    forwarded.push_back(std::move(args));
    unanswered.push_back(std::move(done));
  }
  void list_clients(ClientFilter which, ValueCallback done) override {
    done(resp::Value::bulk(worker->describe_clients(which)));
  }
  void kill_clients(ClientFilter which, std::function<void(int64_t)> done) override {
    done(worker->kill_clients(which));
  }
  void want_epoch(topology::Epoch epoch) override { wanted.push_back(epoch); }
  void report(const std::string& node, const std::string& why) override {
    reports.push_back(node + ": " + why);
  }
  std::string info(const Lines& sections) override {
    return fmt::format("info of [{}]", fmt::join(sections, " "));
  }
  void on_client_ended() override { ++clients_ended; }
};

class RunningWorker {
 public:
  explicit RunningWorker(const Overrides& overrides = {}, bool with_topology = true)
      : settings(config_of(overrides)) {
    control.worker = worker.get();
    auto opened = loop.listen({"127.0.0.1", kPort},
                              [this](auto accepted) { worker->accept(std::move(accepted)); });
    listener_ = std::move(*opened);
    if (with_topology) adopt(topology);
  }

  // ---- Clients ----

  FakeClient& connect() {
    std::unique_ptr<net::Stream> near;
    const auto attempt = loop.connect({"127.0.0.1", kPort}, Millis{1000},
                                      [&](auto stream) { near = std::move(*stream); });
    loop.settle();
    return *clients_.emplace_back(std::make_unique<FakeClient>(std::move(near)));
  }
  FakeClient& client() { return clients_.empty() ? connect() : *clients_.front(); }
  void disconnect(const FakeClient& client) {
    std::erase_if(clients_, [&](const auto& each) { return each.get() == &client; });
    loop.settle();
  }

  // Sends commands of the first client, all at once, and lets everything happen that can.
  void say(const Lines& lines) {
    for (const std::string& line : lines)
      client().say(line);
    loop.settle();
  }
  Lines replies() { return client().replies(); }
  Lines ask(const Lines& lines) {
    say(lines);
    return replies();
  }
  // The reply to one command; "(none)" if there is none yet.
  std::string ask(const std::string& line) {
    const Lines answers = ask(Lines{line});
    return answers.empty() ? "(none)" : answers.back();
  }

  // ---- Topology ----

  void adopt(const topology::Topology& newer) {
    topology = newer;
    worker->adopt(topology.cluster, kWriter, std::make_shared<topology::RoutingTable>(newer));
    loop.settle();
  }
  // The same topology in the next epoch.
  void adopt_next_epoch() {
    ++topology.epoch;
    adopt(topology);
  }

  // The next epoch, in which `node` is in `state`, and time for all to learn of it.
  void adopt_with(std::string_view node, topology::NodeState state) {
    const topology::Epoch next = topology.epoch + 1;
    for (topology::Node& each : topology.nodes) {
      if (each.name != node) continue;
      each.state = state;
      each.since = state == topology::NodeState::kUp ? 0 : next;
    }
    adopt_next_epoch();
    loop.advance(Millis{100});
  }

  topology::Group primary_group(std::string_view key) {
    const topology::RoutingTable table(topology);
    return table.primary(hasher_.vnode(key, kVnodes));
  }
  FakeShard& primary(std::string_view key) {
    return primary_group(key) == topology::Group::kA ? a : b;
  }
  FakeShard& secondary(std::string_view key) { return &primary(key) == &a ? b : a; }

  // A key whose primary replica is in `group`; another one for another `number`.
  std::string key_in(topology::Group group, int number = 0) {
    for (int i = 0;; ++i) {
      std::string key = fmt::format("key{}", i);
      if (primary_group(key) == group && number-- == 0) return key;
    }
  }

  static constexpr uint16_t kPort = 6379;
  static constexpr uint32_t kWriter = 257;

  testing::FakeLoop loop;
  testing::ManualClock clock;
  topology::Topology topology = topology::test::formed_topology(kVnodes, 1);
  FakeShard a{loop, 7001, 1};
  FakeShard b{loop, 7011, 1};
  const Settings settings;
  FakeControl control;
  WorkerStats stats;
  std::unique_ptr<Worker> worker =
      std::make_unique<Worker>(loop, clock, settings, control, stats, 0, 7);

 private:
  static Config config_of(const Overrides& overrides) {
    Config config;
    DORIS_CHECK(config.set("router-threads", "1", "test").ok(), "a setting");
    for (const auto& [key, value] : overrides) {
      DORIS_CHECK(config.set(key, value, "test").ok(), key);
    }
    return config;
  }

  topology::KeyHasher hasher_;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<FakeClient>> clients_;
};

}  // namespace doris::router::test

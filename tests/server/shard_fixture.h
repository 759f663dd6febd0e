// A Shard on a FakeLoop with a store in memory, and router threads that speak to it.
#pragma once

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/topology/routing_table.h"
#include "resp/reply_parser.h"
#include "resp/write_id.h"
#include "resp/writer.h"
#include "server/big_endian.h"
#include "server/shard.h"
#include "tests/support/fake_loop.h"
#include "tests/support/manual_clock.h"
#include "tests/support/mem_store.h"
#include "tests/topology/sample_topology.h"

namespace doris::server::test {

using Replies = std::vector<std::string>;
using Words = std::vector<std::string>;

// A reply in one line: "+OK", "-ERR ...", ":1", "nil", "v" for a bulk, "[:3 :7]".
inline std::string line_of(const resp::Value& value) {
  using Kind = resp::Value::Kind;
  switch (value.kind) {
    case Kind::kNull:
      return "nil";
    case Kind::kSimple:
      return "+" + value.text;
    case Kind::kError:
      return "-" + value.text;
    case Kind::kInteger:
      return ":" + std::to_string(value.integer);
    case Kind::kBulk:
      return value.text;
    default:
      break;
  }
  std::string text;
  for (const resp::Value& item : value.items)
    text += (text.empty() ? "" : " ") + line_of(item);
  return "[" + text + "]";
}

// A read's reply without the version that says that it is not settled: what tests of other
// things look at.
inline resp::Value without_version(resp::Value value) {
  const bool unsettled = value.is(resp::Value::Kind::kArray) && value.items.size() == 2 &&
                         value.items[1].text.size() == resp::Version::kBytes;
  if (!unsettled) return value;
  resp::Value first = std::move(value.items[0]);
  return first;
}

// Of a write, as it is on the wire.
inline std::string id_bytes(resp::WriteId id) {
  std::string bytes;
  append_big_endian(id, bytes);
  return bytes;
}

// The host of a shard: keeps what it was asked.
class FakeHost final : public ShardHost {
 public:
  void adopt_topology(std::string text, AdoptCallback done) override {
    adopts.emplace_back(std::move(text), std::move(done));
  }
  [[nodiscard]] bool writes_allowed() const override { return allows_writes; }

  void take_report(uint8_t, ShardReport taken) override { report = std::move(taken); }

  std::vector<std::pair<std::string, AdoptCallback>> adopts;
  bool allows_writes = true;
  ShardReport report;  // The last one.
};

// One router thread's connection.
class Router final : private net::StreamHandler {
 public:
  explicit Router(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {
    stream_->start(*this);
  }

  // Sends at the end of the loop's pass.
  void send(const Words& words) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    resp::write_request(stream_->output(), views);
    stream_->flush_soon();
  }
  void send_bytes(std::string_view bytes) {
    stream_->output().append(bytes);
    stream_->flush_soon();
  }

  // All replies since the last call.
  Replies replies() { return std::exchange(replies_, {}); }

  std::function<void()> on_reply;  // Called at each, on the shard's loop.
  bool shows_unsettled = false;    // Then such a reply ends in " (unsettled)".
  bool keeps_values = false;       // Then `last` is the last reply.
  resp::Value last;

  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] testing::FakeStream& stream() {
    return static_cast<testing::FakeStream&>(*stream_);
  }

 private:
  std::span<char> read_buffer() override { return input_.prepare(kReadBytes); }
  void on_read(size_t bytes) override {
    input_.commit(bytes);
    while (!input_.empty() && parser_.parse(input_.view()) == resp::Parsed::kCommand) {
      const size_t consumed = parser_.consumed();
      const resp::Value reply = parser_.take();
      if (keeps_values) last = reply;
      const resp::Value plain = without_version(reply);
      const bool unsettled = plain != reply;
      replies_.push_back(line_of(plain) + (unsettled && shows_unsettled ? " (unsettled)" : ""));
      input_.consume(consumed);
      if (on_reply) on_reply();
    }
  }
  void on_end(const Status&) override { ended_ = true; }

  std::unique_ptr<net::Stream> stream_;
  Buffer input_;
  resp::ReplyParser parser_{{kBulkBytesCeiling, kReplyItemsMax, kReplyNestingMax}};
  Replies replies_;
  bool ended_ = false;
};

// Shard 0 of node a1, which has two shards, in a cluster of a1, a2, b1 and b2 at epoch 3.
class ShardFixture {
 public:
  static constexpr uint16_t kPort = 7001;
  static constexpr uint32_t kVnodes = 64;
  static constexpr size_t kEffectBytesMax = 4UL << 20;

  explicit ShardFixture(size_t sessions_max = 4096, uint64_t update_log_bytes_max = UINT64_MAX)
      : topology_(topology::test::formed_topology(kVnodes, 2, 2)) {
    auto memory = std::make_unique<testing::MemStore>();
    store_ = memory.get();
    shard_ = std::make_unique<Shard>(
        loop_, clock_, host_, std::move(memory),
        Shard::Options{.index = 0,
                       .limits = {64UL << 20, kRequestArgsMax, kInlineBytesMax},
                       .name = "a1/0",
                       .sessions_max = sessions_max,
                       .update_log_bytes_max = update_log_bytes_max,
                       .effect_bytes_max = kEffectBytesMax});
    REQUIRE(shard_->listen({"127.0.0.1", kPort}).ok());
  }
  ~ShardFixture() { shard_->stop(); }

  // The node serves `epoch`.
  void serve(topology::Epoch epoch) {
    topology_.epoch = epoch;
    shard_->set_standing(standing());
  }

  [[nodiscard]] Standing standing() const {
    Standing standing;
    standing.cluster = topology_.cluster;
    standing.epoch = topology_.epoch;
    standing.self = topology_.find("a1")->id;
    standing.table = std::make_shared<const topology::RoutingTable>(topology_);
    standing.not_ready = "";
    return standing;
  }

  std::unique_ptr<Router> connect() {
    std::unique_ptr<Router> router;
    const auto connecting = loop_.connect({"127.0.0.1", kPort}, Millis{1000}, [&](auto stream) {
      router = std::make_unique<Router>(std::move(*stream));
    });
    loop_.settle();
    REQUIRE(router != nullptr);
    return router;
  }

  Words link_words(uint32_t writer, topology::Epoch epoch) const {
    return {"DORIS.LINK", topology_.cluster, std::to_string(epoch), std::to_string(writer)};
  }

  // A connection that speaks for `writer` and the shard's epoch.
  std::unique_ptr<Router> link(uint32_t writer) {
    auto router = connect();
    link_again(*router, writer);
    return router;
  }

  // What was refused is over for that connection: later writes are taken again.
  void link_again(Router& router, uint32_t writer) {
    const std::string reply = ask(router, link_words(writer, shard_->standing().epoch));
    REQUIRE_THAT(reply, Catch::StartsWith("["));
  }

  // The reply to one command.
  std::string ask(Router& router, const Words& words) {
    router.send(words);
    loop_.settle();
    const Replies replies = router.replies();
    REQUIRE(replies.size() == 1);
    return replies[0];
  }

  // A vnode of this shard: `number` counts those whose primary replica is in `group`.
  [[nodiscard]] std::string vnode(topology::Group group = topology::Group::kA,
                                  uint32_t number = 0) const {
    return std::to_string(vnode_where([&](topology::Vnode v) {
      return holds(v) && topology_.primary[v] == group && number-- == 0;
    }));
  }
  [[nodiscard]] std::string vnode_of_other_shard() const {
    return std::to_string(vnode_where([&](topology::Vnode v) { return owned(v) && v % 2 == 1; }));
  }
  [[nodiscard]] std::string vnode_of_other_node() const {
    return std::to_string(vnode_where([&](topology::Vnode v) { return !owned(v) && v % 2 == 0; }));
  }

  // A version of the present epoch.
  [[nodiscard]] std::string version(uint64_t hlc, uint32_t writer = 257) const {
    return version_of({static_cast<uint32_t>(topology_.epoch), hlc, writer});
  }
  static std::string version_of(const resp::Version& version) {
    std::string bytes(resp::Version::kBytes, '\0');
    version.encode(bytes.data());
    return bytes;
  }

  // Commands on a key of which this shard has the primary replica.
  [[nodiscard]] Words set(const std::string& key, const std::string& value, uint64_t hlc = 1,
                          int64_t expires = 0) const {
    return {"VSET", "P", vnode(), key, version(hlc), std::to_string(expires), value};
  }
  [[nodiscard]] Words get(const std::string& key) const { return {"VGET", vnode(), key}; }
  [[nodiscard]] Words has(const std::string& key) const { return {"VHAS", vnode(), key}; }
  [[nodiscard]] Words del(const std::string& key, uint64_t hlc) const {
    return {"VDEL", "P", vnode(), key, version(hlc)};
  }

  // The committed value of a key of vnode().
  [[nodiscard]] std::string committed(const std::string& key) const {
    return store_->committed({static_cast<topology::Vnode>(std::stoi(vnode())), key});
  }

 protected:
  [[nodiscard]] bool owned(topology::Vnode v) const {
    return topology_.owner[0][v] == topology_.find("a1")->id;
  }
  [[nodiscard]] bool holds(topology::Vnode v) const { return owned(v) && v % 2 == 0; }

  template <class Condition>
  [[nodiscard]] static topology::Vnode vnode_where(Condition condition) {
    for (topology::Vnode v = 0; v < kVnodes; ++v) {
      if (condition(v)) return v;
    }
    FAIL("the sample topology has no such vnode");
    return 0;
  }

  testing::FakeLoop loop_;
  testing::ManualClock clock_;
  FakeHost host_;
  topology::Topology topology_;
  testing::MemStore* store_ = nullptr;
  std::unique_ptr<Shard> shard_;
};

// The same, serving epoch 3.
class ServingShard : public ShardFixture {
 public:
  explicit ServingShard(size_t sessions_max = 4096) : ShardFixture(sessions_max) { serve(3); }
};

}  // namespace doris::server::test

// ShardCluster: shards of three nodes on one loop: those of a1 and b1, which have all vnodes, and
// of s1, a standby. What they ask each other goes over the loop's own streams.
#pragma once

#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "base/topology/key_hash.h"
#include "tests/server/shard_fixture.h"

namespace doris::server::test {

using topology::NodeState;

class ShardCluster {
 public:
  static constexpr uint32_t kVnodes = 16;

  struct Member {
    FakeHost host;
    testing::MemStore* store = nullptr;
    std::unique_ptr<Shard> shard;
  };

  explicit ShardCluster(const AntiEntropy::Options& anti_entropy = {})
      : anti_entropy_(anti_entropy) {
    topology_ = topology::test::formed_topology(kVnodes, 1);
    topology_.epoch = 5;
    topology_.nodes.push_back({.id = 3,
                               .name = "s1",
                               .group = topology::Group::kStandby,
                               .state = NodeState::kStandby,
                               .machine = "machine-3",
                               .host = "127.0.0.1",
                               .port = 7020});
    for (size_t i = 0; i < members_.size(); ++i)
      start(i);
  }
  ~ShardCluster() {
    for (Member& member : members_)
      member.shard->stop();
  }

  Member& a1() { return members_[0]; }
  Member& b1() { return members_[1]; }
  Member& s1() { return members_[2]; }

  // a1 recovers from now on, in a new epoch.
  void recover() {
    ++topology_.epoch;
    topology_.nodes[0].state = NodeState::kRecovering;
    if (topology_.nodes[0].since == 0) topology_.nodes[0].since = topology_.epoch;
    tell_all();
  }
  void tell_all() {
    for (size_t i = 0; i < members_.size(); ++i)
      tell(i);
  }
  void tell(size_t i) {
    Standing standing;
    standing.cluster = topology_.cluster;
    standing.epoch = topology_.epoch;
    standing.self = topology_.nodes[i].id;
    standing.group = topology_.nodes[i].group;
    standing.table = std::make_shared<const topology::RoutingTable>(topology_);
    standing.not_ready = "";
    members_[i].shard->set_standing(standing);
  }
  void run() { loop_.advance(Millis{8000}); }  // Longer than request-timeout.

  [[nodiscard]] bool complete() {
    return a1().shard->counters().recovered_epoch.get() == static_cast<int64_t>(topology_.epoch);
  }

  static KeyRef ref(const std::string& key) {
    static topology::KeyHasher hasher;
    return {hasher.vnode(key, kVnodes), key};
  }
  static void put(Member& member, const std::string& key, uint64_t hlc, const std::string& value) {
    RecordHeader header;
    header.version = {4, hlc, 257};
    header.tombstone = value.empty();
    REQUIRE(member.store->apply(ref(key), header, value).ok());
    REQUIRE(member.store->commit().ok());
  }
  static void log(Member& member, const std::string& key, uint64_t hlc, const std::string& value) {
    Write write{};
    write.header.version = {4, hlc, 257};
    write.header.tombstone = value.empty();
    write.value = value;
    REQUIRE(member.store->log_write(1, ref(key), write).ok());
    REQUIRE(member.store->commit().ok());
  }
  static std::string get(Member& member, const std::string& key) {
    const auto record = member.store->read(ref(key));
    REQUIRE(record.ok());
    if (!record->has_value()) return "(none)";
    return (**record).header.tombstone ? "(deleted)" : std::string((**record).value);
  }
  bool alike() {
    for (topology::Vnode v = 0; v < kVnodes; ++v) {
      if (a1().store->digest(v) != b1().store->digest(v)) return false;
    }
    return true;
  }

  testing::FakeLoop loop_;
  testing::ManualClock clock_;
  topology::Topology topology_;

 private:
  void start(size_t i) {
    Member& member = members_[i];
    auto store = std::make_unique<testing::MemStore>();
    member.store = store.get();
    const topology::Node& node = topology_.nodes[i];
    member.shard = std::make_unique<Shard>(
        loop_, clock_, member.host, std::move(store),
        Shard::Options{.limits = {64UL << 20, kRequestArgsMax, kInlineBytesMax},
                       .name = node.name + "/0",
                       .anti_entropy = anti_entropy_});
    REQUIRE(member.shard->listen({"127.0.0.1", static_cast<uint16_t>(node.port + 1)}).ok());
  }

  const AntiEntropy::Options anti_entropy_;
  std::array<Member, 3> members_;
};

}  // namespace doris::server::test

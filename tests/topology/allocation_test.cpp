#include "base/topology/allocation.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "base/topology/routing_table.h"
#include "tests/topology/sample_topology.h"

namespace doris::topology {
namespace {

using Lists = std::vector<std::vector<Vnode>>;

std::vector<NodeId> ids_up_to(uint32_t nodes) {
  std::vector<NodeId> ids(nodes);
  std::iota(ids.begin(), ids.end(), NodeId{1});
  return ids;
}

// Checks that `after` came from `before` by moving as little as possible to one new node.
void check_movement(const std::vector<NodeId>& before, const std::vector<NodeId>& after,
                    NodeId added, uint32_t nodes) {
  uint32_t moved = 0;
  for (size_t vnode = 0; vnode < before.size(); ++vnode) {
    if (before[vnode] == after[vnode]) continue;
    ++moved;
    REQUIRE(after[vnode] == added);
  }
  const uint32_t least = static_cast<uint32_t>(before.size()) / nodes;
  REQUIRE(moved >= least);
  REQUIRE(moved <= least + 1);
}

TEST_CASE("twelve vnodes are dealt out as the original Doris did it") {
  CHECK(minimal_movement(12, 1) == Lists{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}});
  CHECK(minimal_movement(12, 2) == Lists{{0, 1, 2, 3, 4, 5}, {6, 7, 8, 9, 10, 11}});
  CHECK(minimal_movement(12, 3) == Lists{{0, 1, 2, 3}, {6, 7, 8, 9}, {4, 5, 10, 11}});
  CHECK(minimal_movement(12, 4) == Lists{{0, 1, 2}, {6, 7, 8}, {4, 5, 10}, {3, 9, 11}});
}

TEST_CASE("for 1 to 200 nodes, shares differ by one at most and cover every vnode once") {
  constexpr uint32_t kVnodes = 10000;
  for (uint32_t nodes = 1; nodes <= 200; ++nodes) {
    const Lists lists = minimal_movement(kVnodes, nodes);
    REQUIRE(lists.size() == nodes);
    std::vector<bool> seen(kVnodes, false);
    for (const auto& list : lists) {
      REQUIRE(list.size() >= kVnodes / nodes);
      REQUIRE(list.size() <= (kVnodes + nodes - 1) / nodes);
      for (const Vnode vnode : list) {
        REQUIRE_FALSE(seen[vnode]);
        seen[vnode] = true;
      }
    }
    REQUIRE(std::ranges::count(seen, true) == kVnodes);
  }
}

TEST_CASE("the n-th node of a group takes one n-th of the vnodes, and nothing else moves") {
  constexpr uint32_t kVnodes = 10000;
  for (const auto& allocate : {allocate_group_a, allocate_group_b}) {
    auto before = allocate(kVnodes, ids_up_to(1));
    for (uint32_t nodes = 2; nodes <= 200; ++nodes) {
      auto after = allocate(kVnodes, ids_up_to(nodes));
      check_movement(before, after, static_cast<NodeId>(nodes), nodes);
      before = std::move(after);
    }
  }
}

TEST_CASE("as many nodes as vnodes own one each, however few there are") {
  for (const uint32_t vnodes : {1U, 2U, 3U, 7U, 64U}) {
    for (const auto& allocate : {allocate_group_a, allocate_group_b}) {
      auto owner = allocate(vnodes, ids_up_to(vnodes));
      std::ranges::sort(owner);
      CHECK(owner == ids_up_to(vnodes));
    }
  }
}

TEST_CASE("group b's stride visits every vnode once, for every number of vnodes") {
  for (uint32_t vnodes = 1; vnodes <= 65535; vnodes += (vnodes < 300 ? 1 : 1013)) {
    const uint32_t stride = group_stride(vnodes, Group::kB);
    REQUIRE(std::gcd(stride, vnodes) == 1);
    REQUIRE(stride <= vnodes);
  }
  CHECK(group_stride(10000, Group::kA) == 1);
}

TEST_CASE("a node's vnodes spread over all nodes of the other group") {
  constexpr uint32_t kVnodes = 10000;
  constexpr uint32_t kNodesMax = 50;
  std::vector<std::vector<NodeId>> a(1);
  std::vector<std::vector<NodeId>> b(1);
  for (uint32_t nodes = 1; nodes <= kNodesMax; ++nodes) {
    a.push_back(allocate_group_a(kVnodes, ids_up_to(nodes)));
    b.push_back(allocate_group_b(kVnodes, ids_up_to(nodes)));
  }
  for (uint32_t n = 1; n <= kNodesMax; ++n) {
    for (uint32_t m = 1; m <= kNodesMax; ++m) {
      std::vector<uint32_t> shared(n * m, 0);
      for (uint32_t v = 0; v < kVnodes; ++v)
        ++shared[(a[n][v] - 1U) * m + b[m][v] - 1U];
      // Pairs share `even` vnodes on average. A random layout would deviate by its square
      // root; ours stays within that for small clusters, and near it for large ones.
      const double even = static_cast<double>(kVnodes) / (n * m);
      const double slack = n <= 10 && m <= 10 ? 0.12 * even + 2 : 5 * std::sqrt(even) + 2;
      REQUIRE(*std::ranges::max_element(shared) <= even + slack);
      REQUIRE(*std::ranges::min_element(shared) >= even - slack);
    }
  }
}

TEST_CASE("half of all vnodes have their primary in each group") {
  for (const uint32_t vnodes : {2U, 12U, 1000U, 10000U, 65535U}) {
    const auto in_a = std::ranges::count(initial_primaries(vnodes), Group::kA);
    CHECK(std::abs(2 * in_a - static_cast<ptrdiff_t>(vnodes)) <= 8);
  }
  CHECK(initial_primaries(1).size() == 1);
}

TEST_CASE("every node is primary for about half of its vnodes") {
  for (uint32_t nodes = 1; nodes <= 50; ++nodes) {
    const RoutingTable table(test::formed_topology(10000, nodes));
    for (const Node& node : table.topology().nodes) {
      const double owned = table.owned(node.id);
      REQUIRE(std::abs(table.primaries(node.id) - owned / 2) <= 0.05 * owned + 3);
    }
  }
}

// The Thue-Morse sequence, the obvious choice, fails this with 3 and 6 shards: it favours
// one value on the multiples of 3, and one shard would get 80 % of a node's reads.
TEST_CASE("every shard of every node is primary for about half of its vnodes") {
  for (uint8_t shards = 1; shards <= 8; ++shards) {
    for (const uint32_t nodes : {1U, 2U, 3U, 4U, 5U, 8U, 10U}) {
      const RoutingTable table(test::formed_topology(10000, nodes, shards));
      std::vector<int> owned((2 * nodes + 1) * shards, 0);
      std::vector<int> primary(owned.size(), 0);
      for (uint32_t v = 0; v < table.vnodes(); ++v) {
        for (const Group group : {Group::kA, Group::kB}) {
          const Replica replica = table.replica(static_cast<Vnode>(v), group);
          const size_t shard = size_t{replica.node} * shards + replica.shard;
          ++owned[shard];
          if (table.primary(static_cast<Vnode>(v)) == group) ++primary[shard];
        }
      }
      for (size_t i = 0; i < owned.size(); ++i) {
        REQUIRE(std::abs(primary[i] - owned[i] / 2.0) <= 0.12 * owned[i] + 2);
      }
    }
  }
}

}  // namespace
}  // namespace doris::topology

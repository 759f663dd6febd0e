#include "base/topology/allocation.h"

#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/limits.h"

namespace doris::topology {
namespace {

// One step of the rule: a node is added to the `lists`, and takes a tail of each.
void add_node(std::vector<std::vector<Vnode>>& lists, uint32_t vnodes) {
  std::vector<Vnode> donated;
  uint32_t vnodes_left = vnodes;
  auto nodes_left = static_cast<uint32_t>(lists.size() + 1);
  for (std::vector<Vnode>& list : lists) {
    const uint32_t keep = vnodes_left / nodes_left;
    DORIS_CHECK(keep <= list.size(), "the fair share of a node never grows");
    donated.insert(donated.end(), list.begin() + keep, list.end());
    list.resize(keep);
    vnodes_left -= keep;
    --nodes_left;
  }
  DORIS_CHECK(donated.size() == vnodes_left, "what the others gave is the new node's share");
  lists.push_back(std::move(donated));
}

std::vector<NodeId> allocate(uint32_t vnodes, Group group, const std::vector<NodeId>& ids) {
  const uint32_t stride = group_stride(vnodes, group);
  const auto lists = minimal_movement(vnodes, static_cast<uint32_t>(ids.size()));
  std::vector<NodeId> owner(vnodes, kNoNode);
  for (size_t i = 0; i < lists.size(); ++i) {
    for (const Vnode position : lists[i])
      owner[vnode_at(position, stride, vnodes)] = ids[i];
  }
  return owner;
}

}  // namespace

std::vector<std::vector<Vnode>> minimal_movement(uint32_t vnodes, uint32_t nodes) {
  DORIS_CHECK(nodes >= 1 && nodes <= vnodes, "every node owns a vnode");
  DORIS_CHECK(vnodes <= kVnodesMax, "there are too many vnodes");
  std::vector<std::vector<Vnode>> lists(1, std::vector<Vnode>(vnodes));
  std::iota(lists[0].begin(), lists[0].end(), Vnode{0});
  while (lists.size() < nodes)
    add_node(lists, vnodes);
  return lists;
}

uint32_t group_stride(uint32_t vnodes, Group group) {
  if (group == Group::kA || vnodes < 3) return 1;
  constexpr double kGoldenSection = 0.6180339887498949;
  const auto start = static_cast<uint32_t>(std::lround(vnodes * kGoldenSection));
  // 1 is coprime to everything, so the search downwards ends.
  for (uint32_t distance = 0;; ++distance) {
    if (std::gcd(start + distance, vnodes) == 1) return start + distance;
    if (std::gcd(start - distance, vnodes) == 1) return start - distance;
  }
}

std::vector<NodeId> allocate_group_a(uint32_t vnodes, const std::vector<NodeId>& ids) {
  return allocate(vnodes, Group::kA, ids);
}

std::vector<NodeId> allocate_group_b(uint32_t vnodes, const std::vector<NodeId>& ids) {
  return allocate(vnodes, Group::kB, ids);
}

std::vector<Group> initial_primaries(uint32_t vnodes) {
  // In fixed point, so that every machine draws the same line between the halves.
  constexpr uint64_t kSqrt2Fraction = 0x6A09E667F3BCC908ULL;  // (sqrt(2) - 1) * 2^64.
  constexpr uint64_t kOneHalf = 1ULL << 63;
  std::vector<Group> primary(vnodes);
  for (uint64_t vnode = 0; vnode < vnodes; ++vnode) {
    primary[vnode] = vnode * kSqrt2Fraction < kOneHalf ? Group::kA : Group::kB;
  }
  return primary;
}

}  // namespace doris::topology

// Which node owns which vnode: the original's minimal-movement rule.
//
// Start with all vnodes on node 0; for k = 2..n, let every existing node keep its first
// y vnodes (its fair share) and give its tail to node k. Sizes then differ by at most
// one, every moved vnode goes to the new node, and exactly 1/n of them move.
// Source: original Doris, VpmMapping; V=12, n=3 gives [0-3][6-9][4,5,10,11].
#pragma once

#include <cstdint>
#include <vector>

#include "base/topology/topology.h"

namespace doris::topology {

// The vnode list of each of `nodes` nodes, in the rule's own order (not sorted).
// REQUIRES: 1 <= nodes <= vnodes <= kVnodesMax.
[[nodiscard]] std::vector<std::vector<Vnode>> minimal_movement(uint32_t vnodes, uint32_t nodes);

// The step between neighbours in a group's own order of the vnodes: position i of the rule
// is vnode i * stride mod `vnodes`. Group a takes them as they come (1). Group b strides by
// a number coprime to `vnodes` near its golden section, so that whatever lies together in
// one group lies far apart in the other.
[[nodiscard]] uint32_t group_stride(uint32_t vnodes, Group group);

// The vnode at `position` of an order. REQUIRES: position < vnodes.
[[nodiscard]] constexpr Vnode vnode_at(uint32_t position, uint32_t stride, uint32_t vnodes) {
  return static_cast<Vnode>(uint64_t{position} * stride % vnodes);
}

// owner table of group a: the rule as it is. `ids` in the order of joining.
[[nodiscard]] std::vector<NodeId> allocate_group_a(uint32_t vnodes, const std::vector<NodeId>& ids);

// owner table of group b: the rule over group b's order, so that the vnodes of any node of
// one group spread over all nodes of the other (declustered), and a failed node's load
// spreads likewise.
[[nodiscard]] std::vector<NodeId> allocate_group_b(uint32_t vnodes, const std::vector<NodeId>& ids);

// The initial primary group of each vnode: a Weyl sequence, by whether the fraction of
// vnode * sqrt(2) is below one half. It is balanced over any range of vnodes and over the
// vnodes of any shard (vnode mod s, whatever s), so that every node and every shard of it
// is primary for about half of its vnodes. (The Thue-Morse sequence is not: it puts far
// more than half of the multiples of 3 in one group.)
[[nodiscard]] std::vector<Group> initial_primaries(uint32_t vnodes);

}  // namespace doris::topology

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
// REQUIRES: 1 <= nodes <= vnodes.
[[nodiscard]] std::vector<std::vector<Vnode>> minimal_movement(uint32_t vnodes, uint32_t nodes);

// owner table of group a: the rule as it is. `ids` in the order of joining.
[[nodiscard]] std::vector<NodeId> allocate_group_a(uint32_t vnodes, const std::vector<NodeId>& ids);

// owner table of group b: the rule over a permuted vnode order, so that the vnodes of any
// node of one group spread over all nodes of the other (declustered), and a failed node's
// load spreads likewise.
[[nodiscard]] std::vector<NodeId> allocate_group_b(uint32_t vnodes, const std::vector<NodeId>& ids);

// The initial primary group of each vnode: the Thue-Morse sequence, balanced over any
// aligned block and over vnode mod 2^k, so that every node and every shard of it is
// primary for about half of its vnodes.
[[nodiscard]] std::vector<Group> initial_primaries(uint32_t vnodes);

}  // namespace doris::topology

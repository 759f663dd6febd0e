// Topology: the admin's truth about the cluster at one epoch, as plain data.
//
// Every change makes a new epoch. A Topology is a value: it is built, checked, encoded
// (topology_codec.h, FORMAT.md) and compared; what the data path asks is answered by a
// RoutingTable made from it.
//
// Two groups, `a` and `b`, hold one full copy each. Per group an explicit table names
// the owner of every virtual node ("vnode").
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace doris::topology {

using Epoch = uint64_t;   // 1 is the first; 0 means "none seen".
using NodeId = uint16_t;  // Never reused in a cluster's life. 0 means "no node".
using Vnode = uint16_t;   // 0 .. vnodes-1.

constexpr NodeId kNoNode = 0;
constexpr size_t kGroups = 2;

enum class Group : uint8_t { kA = 0, kB = 1, kStandby = 2 };

// Of groups a and b.
[[nodiscard]] constexpr Group other_group(Group group) {
  return group == Group::kA ? Group::kB : Group::kA;
}

enum class NodeState : uint8_t {
  kJoining,  // Registered, owns nothing yet.
  kUp,
  kTempFailed,  // Does not answer; its writes go to an update log.
  kRecovering,  // Takes writes, serves no reads.
  kLeaving,
  kStandby,
  kDead,
};

// Of a node that never had what it owns now, or has it no more: before it could fail.
constexpr Epoch kSinceEver = 1;

// Of a node that has come back with an older disk than it had. It has something, but whoever else
// fails has newer data.
constexpr Epoch kSinceLongAgo = 2;

struct Node {
  NodeId id = kNoNode;
  std::string name{};  // "a1"; unique in the cluster; [A-Za-z0-9._-]{1,64}.
  Group group = Group::kA;
  NodeState state = NodeState::kJoining;
  std::string machine{};  // No two replicas of a vnode share one.
  std::string host{};
  uint16_t port = 0;   // The control port; shard i listens on port + 1 + i.
  uint8_t shards = 1;  // 1..kShardsMax, fixed when the store was made.

  // While it is temp-failed or recovering: the epoch at which it ceased to be `up`, kSinceEver or
  // kSinceLongAgo. Of two replicas that both have failed, the one with the higher `since` has the
  // newer data.
  Epoch since = 0;
  // While it is temp-failed: who keeps its update log. kNoNode: see Topology::degraded_writes.
  NodeId stand_in = kNoNode;
  // Whether an operator keeps it out (DORIS.NODE FAIL): then it stays temp-failed though it
  // answers.
  bool held = false;

  bool operator==(const Node&) const = default;
};

struct Topology {
  std::string cluster;  // 32 lower-case hex digits, drawn when the cluster was made.
  Epoch epoch = 0;
  uint32_t vnodes = 0;  // 1..65535, fixed for the cluster's life.
  // What becomes of a write whose second copy is on a failed node without a stand-in: it goes
  // to an update log beside the first copy (true), or is refused (false).
  bool degraded_writes = true;
  std::vector<Node> nodes;  // Ascending by id.

  // owner[g][v] is the node of group g that owns vnode v. Both empty while the cluster
  // is forming (not all of its first nodes have registered); else `vnodes` long each.
  std::array<std::vector<NodeId>, kGroups> owner;

  // primary[v] is the group whose replica of v is primary while both are up; see
  // RoutingTable::primary() for who is when they are not. As long as the owner tables.
  std::vector<Group> primary;

  [[nodiscard]] bool formed() const { return !primary.empty(); }
  [[nodiscard]] bool is_whole() const;                          // Nobody has failed or recovers.
  [[nodiscard]] const Node* find(NodeId id) const;              // nullptr if absent.
  [[nodiscard]] const Node* find(std::string_view name) const;  // nullptr if absent.

  // What every reader relies on: table sizes, owners that exist in the right group,
  // unique names and ids, no machine in both groups (unless `allow_same_machine`).
  [[nodiscard]] Status validate(bool allow_same_machine) const;

  bool operator==(const Topology&) const = default;
};

[[nodiscard]] std::string_view group_name(Group group);           // "a", "b", "standby".
[[nodiscard]] std::string_view node_state_name(NodeState state);  // "temp-failed".
[[nodiscard]] std::optional<Group> parse_group(std::string_view name);
[[nodiscard]] std::optional<NodeState> parse_node_state(std::string_view name);

}  // namespace doris::topology

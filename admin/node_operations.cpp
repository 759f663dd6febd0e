#include "admin/node_operations.h"

#include <fmt/format.h>

#include <algorithm>

namespace doris::admin {
namespace {

using topology::Group;
using topology::Node;
using topology::NodeId;
using topology::NodeState;
using topology::Topology;

constexpr std::string_view kByOperator = "an operator asked for it";

Node& node_in(Topology& topology, NodeId id) {
  return *std::ranges::find(topology.nodes, id, &Node::id);
}

Result<const Node*> find_node(const Topology& topology, std::string_view name) {
  const Node* const node = topology.find(name);
  if (node == nullptr) return Status::invalid(fmt::format("there is no node '{}'", name));
  return node;
}

Result<Change> change_to(Topology next, std::string what) {
  ++next.epoch;
  return Change{std::move(next), std::move(what), std::string(kByOperator)};
}

Status check_successor(const Topology& topology, const Node& failed, const Node& successor,
                       const MembershipRules& rules, const FactsOf& facts) {
  if (successor.state != NodeState::kStandby) {
    return Status::invalid(fmt::format("'{}' is {}, and only a standby can take a place",
                                       successor.name, topology::node_state_name(successor.state)));
  }
  if (!facts(successor).answers) {
    return Status::invalid(fmt::format("standby '{}' does not answer", successor.name));
  }
  const auto keeps_log_of = [&](const Node& node) { return node.stand_in == successor.id; };
  if (const auto target = std::ranges::find_if(topology.nodes, keeps_log_of);
      target != topology.nodes.end() && target->id != failed.id) {
    return Status::invalid(
        fmt::format("standby '{}' keeps the update log of '{}': wait until that "
                    "is up, or replace that first",
                    successor.name, target->name));
  }
  const Node* const opposite = opposite_on_machine(topology, failed.group, successor.machine);
  if (opposite != nullptr && !rules.allow_same_machine) {
    return Status::invalid(fmt::format(
        "standby '{}' is on machine '{}', which has node '{}' of group {}, and would hold both "
        "copies of a key: take a standby on another machine",
        successor.name, successor.machine, opposite->name, topology::group_name(opposite->group)));
  }
  return Status::okay();
}

// Gives all that `from` has in the tables to `to`.
void hand_over(Topology& topology, NodeId from, NodeId to) {
  for (auto& owner : topology.owner)
    std::ranges::replace(owner, from, to);
}

}  // namespace

Result<Change> hold_node(const Topology& topology, std::string_view name, const FactsOf& facts,
                         bool force) {
  const Result<const Node*> found = find_node(topology, name);
  if (!found.ok()) return found.status();
  const Node& node = **found;
  if (owned_vnodes(topology, node.id) == 0) {
    return Status::invalid(fmt::format("node '{}' owns no vnodes: just stop it", name));
  }
  if (node.held) return Status::invalid(fmt::format("node '{}' is held already", name));
  if (node.state == NodeState::kUp && !force && !others_have_all(topology, node.id, facts)) {
    return Status::invalid(fmt::format(
        "without '{}' some keys could not be reached: not every server that has their other "
        "copies is up. Wait for those, or say FORCE",
        name));
  }
  Topology next = topology;
  Node& held = node_in(next, node.id);
  held.held = true;
  held.state = NodeState::kTempFailed;
  if (held.since == 0) held.since = topology.epoch + 1;
  // In the same epoch: without a stand-in, writes are refused unless degraded-writes.
  const std::string placed = place_logs(next, facts);
  return change_to(std::move(next), fmt::format("{} is held out of service{}{}", name,
                                                placed.empty() ? "" : "; ", placed));
}

Result<Change> release_node(const Topology& topology, std::string_view name) {
  const Result<const Node*> found = find_node(topology, name);
  if (!found.ok()) return found.status();
  if (!(*found)->held) {
    return Status::invalid(
        (*found)->state == NodeState::kTempFailed
            ? fmt::format("node '{}' is not held: it recovers by itself once it answers", name)
            : fmt::format("node '{}' is not held: it is {}", name,
                          topology::node_state_name((*found)->state)));
  }
  Topology next = topology;
  node_in(next, (*found)->id).held = false;
  return change_to(std::move(next), fmt::format("{} may recover", name));
}

Result<Change> replace_node(const Topology& topology, std::string_view name,
                            std::string_view successor_name, const MembershipRules& rules,
                            const FactsOf& facts, bool force) {
  const Result<const Node*> found = find_node(topology, name);
  if (!found.ok()) return found.status();
  const Node& node = **found;
  if (owned_vnodes(topology, node.id) == 0) {
    return Status::invalid(
        fmt::format("node '{}' owns no vnodes: there is nothing to take over", name));
  }
  const Result<const Node*> found_successor = find_node(topology, successor_name);
  if (!found_successor.ok()) return found_successor.status();
  const Node& successor = **found_successor;
  DORIS_RETURN_IF_ERROR(check_successor(topology, node, successor, rules, facts));
  if (node.state == NodeState::kUp && !force) {
    return Status::invalid(fmt::format(
        "node '{}' is up: hold it first (DORIS.NODE FAIL {}), or say FORCE", name, name));
  }
  if (!force && !others_have_all(topology, node.id, facts)) {
    return Status::invalid(fmt::format(
        "'{}' cannot be filled: not every server that has the other copies of '{}' is up. With "
        "FORCE, it is filled when they are, and what only '{}' has is lost",
        successor_name, name, name));
  }
  Topology next = topology;
  hand_over(next, node.id, successor.id);
  Node& dead = node_in(next, node.id);
  dead.state = NodeState::kDead;
  dead.held = false;
  dead.since = 0;
  dead.stand_in = topology::kNoNode;
  Node& heir = node_in(next, successor.id);
  heir.group = node.group;
  heir.state = NodeState::kRecovering;
  heir.since = topology::kSinceEver;  // Whoever else fails has newer data: this one has none.
  return change_to(std::move(next), fmt::format("{} takes the place of {}", heir.name, dead.name));
}

Result<Change> make_standby(const Topology& topology, std::string_view name) {
  const Result<const Node*> found = find_node(topology, name);
  if (!found.ok()) return found.status();
  const Node& node = **found;
  if (node.state != NodeState::kJoining || owned_vnodes(topology, node.id) > 0) {
    return Status::invalid(
        fmt::format("node '{}' is {}: only one that is joining, and owns "
                    "nothing yet, can become a standby",
                    name, topology::node_state_name(node.state)));
  }
  Topology next = topology;
  Node& standby = node_in(next, node.id);
  standby.group = Group::kStandby;
  standby.state = NodeState::kStandby;
  return change_to(std::move(next), fmt::format("{} is a standby", name));
}

const Node* find_successor(const Topology& topology, const Node& failed,
                           const MembershipRules& rules, const FactsOf& facts) {
  const Node* second_best = nullptr;
  for (const Node& node : topology.nodes) {
    if (!check_successor(topology, failed, node, rules, facts).ok()) continue;
    if (opposite_on_machine(topology, failed.group, node.machine) == nullptr) return &node;
    if (second_best == nullptr) second_best = &node;
  }
  return second_best;
}

}  // namespace doris::admin

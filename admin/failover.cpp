#include "admin/failover.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace doris::admin {
namespace {

using topology::Group;
using topology::Node;
using topology::NodeId;
using topology::NodeState;
using topology::Topology;

bool is_owner(const Node& node) {
  return node.group != Group::kStandby;
}

// The words of a Change, gathered.
class Words {
 public:
  void add(std::string what, std::string why) {
    what_ += (what_.empty() ? "" : "; ") + std::move(what);
    if (!why.empty() && why_.find(why) == std::string::npos) {
      why_ += (why_.empty() ? "" : "; ") + std::move(why);
    }
  }
  [[nodiscard]] Change of(Topology topology) const { return {std::move(topology), what_, why_}; }

 private:
  std::string what_;
  std::string why_;
};

// Whether a process of `node` that was started anew can be brought up to date before it serves. Not
// if one that counts as up is silent, or steps back now: the two may have restarted together, and
// one has to be first. Who has nobody to be compared with may yet have to read update logs.
bool can_step_back(const Topology& topology, NodeId node, const FactsOf& facts) {
  return std::ranges::all_of(owners_beside(topology, node), [&](NodeId id) {
    const Node& other = *topology.find(id);
    const bool is_up = other.state == NodeState::kUp;
    return is_up ? facts(other).answers : other.since <= topology.epoch;
  });
}

// The next state of a node, by the picture in failover.h.
void move_node(Topology& topology, Node& node, const FactsOf& facts_of, Words& words) {
  const NodeFacts facts = facts_of(node);
  const topology::Epoch next = topology.epoch + 1;
  const bool is_up = node.state == NodeState::kUp;
  const bool in_use = is_up || node.state == NodeState::kRecovering;
  const bool steps_back =
      facts.hampered && (!is_up || others_have_all(topology, node.id, facts_of));
  if (in_use && (facts.failed || steps_back)) {
    if (node.since == 0) node.since = next;
    node.state = NodeState::kTempFailed;
    words.add(fmt::format("{} has failed", node.name), facts.why);
  } else if (is_up && facts.restarted && can_step_back(topology, node.id, facts_of)) {
    node.since = next;
    node.state = NodeState::kRecovering;
    words.add(fmt::format("{} recovers", node.name), "its process was started anew");
  } else if (node.state == NodeState::kTempFailed && facts.answers && !node.held) {
    node.state = NodeState::kRecovering;
    node.stand_in = topology::kNoNode;
    words.add(fmt::format("{} recovers", node.name), "it answers again");
  } else if (node.state == NodeState::kRecovering && facts.answers &&
             facts.recovered_epoch == topology.epoch) {
    node.state = NodeState::kUp;
    node.since = 0;
    words.add(fmt::format("{} is up", node.name), "it has everything that it missed");
  }
}

bool may_stand_in(const Node& keeper, const Node& failed) {
  const bool sound = keeper.state == NodeState::kStandby || keeper.state == NodeState::kUp;
  const bool near = keeper.group == failed.group || keeper.group == Group::kStandby;
  return keeper.id != failed.id && sound && near;
}

bool can_stand_in(const Node& keeper, const Node& failed, const FactsOf& facts) {
  return may_stand_in(keeper, failed) && facts(keeper).answers;
}

// Who does so already is not given up before it was heard of: the admin may have just started.
bool can_stay(const Node& keeper, const Node& failed, const FactsOf& facts) {
  return may_stand_in(keeper, failed) && (facts(keeper).answers || !facts(keeper).known);
}

// One whose machine does not hold the other copies: with it, they would be lost together with what
// was logged. Among those, or else, a standby; then the next node of the group behind the failed
// one, so that several failed nodes have several stand-ins.
NodeId choose_stand_in(const Topology& topology, const Node& failed, const FactsOf& facts) {
  std::set<std::string_view> machines;
  for (const NodeId other : owners_beside(topology, failed.id))
    machines.insert(topology.find(other)->machine);
  const auto rank = [&](const Node& node) {
    const int place = node.group == Group::kStandby ? 0 : node.id > failed.id ? 1 : 2;
    return std::pair(machines.contains(node.machine), place);
  };
  const Node* best = nullptr;
  for (const Node& node : topology.nodes) {
    if (!can_stand_in(node, failed, facts)) continue;
    if (best == nullptr || rank(node) < rank(*best)) best = &node;
  }
  return best == nullptr ? topology::kNoNode : best->id;
}

}  // namespace

std::set<NodeId> owners_beside(const Topology& topology, NodeId node) {
  std::set<NodeId> others;
  for (size_t group = 0; group < topology::kGroups; ++group) {
    for (size_t v = 0; v < topology.owner[group].size(); ++v) {
      if (topology.owner[group][v] == node) others.insert(topology.owner[1 - group][v]);
    }
  }
  return others;
}

bool others_have_all(const Topology& topology, NodeId node, const FactsOf& facts) {
  return std::ranges::all_of(owners_beside(topology, node), [&](NodeId id) {
    const Node& other = *topology.find(id);
    return other.state == NodeState::kUp && facts(other).answers;
  });
}

std::string place_logs(Topology& topology, const FactsOf& facts) {
  std::vector<std::string> changes;
  for (Node& node : topology.nodes) {
    if (node.state != NodeState::kTempFailed) continue;
    const Node* const keeper = topology.find(node.stand_in);
    if (keeper != nullptr && can_stay(*keeper, node, facts)) continue;
    const NodeId chosen = choose_stand_in(topology, node, facts);
    if (chosen == node.stand_in) continue;
    node.stand_in = chosen;
    changes.push_back(
        chosen == topology::kNoNode
            ? fmt::format("nobody stands in for {}: no standby answers, and no other server of its "
                          "group",
                          node.name)
            : fmt::format("{} stands in for {}", topology.find(chosen)->name, node.name));
  }
  return fmt::format("{}", fmt::join(changes, "; "));
}

std::optional<Change> follow_older_disk(const Topology& topology, NodeId id) {
  Topology next = topology;
  Node& node = *std::ranges::find(next.nodes, id, &Node::id);
  const bool may_have_missed = node.state == NodeState::kUp ||
                               node.state == NodeState::kTempFailed ||
                               node.state == NodeState::kRecovering;
  if (!topology.formed() || !is_owner(node) || !may_have_missed) return std::nullopt;
  const bool is_known = node.since == topology::kSinceEver || node.since == topology::kSinceLongAgo;
  if (is_known) return std::nullopt;
  ++next.epoch;
  node.since = topology::kSinceLongAgo;
  if (node.state == NodeState::kUp) node.state = NodeState::kRecovering;
  std::string what = fmt::format("{} recovers from long ago", node.name);
  return Change{std::move(next), std::move(what), "it came back with an older disk than it had"};
}

std::optional<Change> follow_facts(const Topology& topology, const FactsOf& facts,
                                   bool degraded_writes) {
  if (!topology.formed()) return std::nullopt;
  Topology next = topology;
  Words words;
  for (Node& node : next.nodes) {
    if (is_owner(node)) move_node(next, node, facts, words);
  }
  if (std::string placed = place_logs(next, facts); !placed.empty()) {
    words.add(std::move(placed), "its update log needs a keeper");
  }
  if (next.degraded_writes != degraded_writes) {
    next.degraded_writes = degraded_writes;
    words.add(fmt::format("degraded writes: {}", degraded_writes ? "yes" : "no"),
              "the setting has changed");
  }
  if (next == topology) return std::nullopt;
  ++next.epoch;
  return words.of(std::move(next));
}

}  // namespace doris::admin

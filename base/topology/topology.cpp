#include "base/topology/topology.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "base/limits.h"

namespace doris::topology {
namespace {

constexpr std::array<std::string_view, 3> kGroupNames = {"a", "b", "standby"};
constexpr std::array<std::string_view, 7> kStateNames = {
    "joining", "up", "temp-failed", "recovering", "leaving", "standby", "dead"};

constexpr size_t kClusterDigits = 32;
constexpr Epoch kEpochMax = std::numeric_limits<uint32_t>::max();  // A version has 32 bits for it.
constexpr size_t kLabelBytesMax = 64;
constexpr size_t kHostBytesMax = 255;

bool is_letter_or_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_word(std::string_view text, size_t bytes_max, std::string_view punctuation) {
  return !text.empty() && text.size() <= bytes_max && std::ranges::all_of(text, [&](char c) {
    return is_letter_or_digit(c) || punctuation.find(c) != std::string_view::npos;
  });
}

bool is_label(std::string_view text) {
  return is_word(text, kLabelBytesMax, "._-");
}

// An address literal or a host name; "%" names the zone of a link-local IPv6 address.
bool is_host(std::string_view text) {
  return is_word(text, kHostBytesMax, "._-:%");
}

bool is_cluster(std::string_view text) {
  return text.size() == kClusterDigits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

template <class Enum, size_t kNames>
std::optional<Enum> parse_name(const std::array<std::string_view, kNames>& names,
                               std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

Status check_node(const Node& node) {
  const auto wrong = [&](std::string_view what) {
    return Status::invalid(fmt::format("node {}: {}", node.id, what));
  };
  if (node.id == kNoNode) return Status::invalid("a node has the id 0, which means 'no node'");
  if (!is_label(node.name)) return wrong("its name is not 1 to 64 of A-Z a-z 0-9 . _ -");
  if (!is_label(node.machine)) return wrong("its machine is not 1 to 64 of A-Z a-z 0-9 . _ -");
  if (!is_host(node.host)) return wrong("its host is not an address");
  if (node.shards < 1 || node.shards > kShardsMax) return wrong("it needs 1 to 8 shards");
  if (node.port == 0 || node.port + node.shards > 65535) {
    return wrong("its ports are out of range: port + shards must be 2 to 65535");
  }
  return Status::okay();
}

Status check_nodes(const std::vector<Node>& nodes) {
  std::set<std::string_view> names;
  NodeId last = kNoNode;
  for (const Node& node : nodes) {
    DORIS_RETURN_IF_ERROR(check_node(node));
    if (node.id <= last) {
      return Status::invalid(fmt::format("node {} does not come after node {}", node.id, last));
    }
    last = node.id;
    if (!names.insert(node.name).second) {
      return Status::invalid(fmt::format("two nodes are called '{}'", node.name));
    }
  }
  return Status::okay();
}

// Failed nodes, and only they, have a `since`; who stands in is another node; only a failed one
// can be held.
Status check_failed(const Topology& topology) {
  for (const Node& node : topology.nodes) {
    const bool failed =
        node.state == NodeState::kTempFailed || node.state == NodeState::kRecovering;
    if (failed != (node.since != 0) || node.since > topology.epoch) {
      return Status::invalid(
          fmt::format("node {} is {} since epoch {}, which cannot be in epoch {}", node.id,
                      node_state_name(node.state), node.since, topology.epoch));
    }
    if (node.held && node.state != NodeState::kTempFailed) {
      return Status::invalid(
          fmt::format("node {} is held though it is {}", node.id, node_state_name(node.state)));
    }
    if (node.stand_in == kNoNode) continue;
    if (node.state != NodeState::kTempFailed || node.stand_in == node.id ||
        topology.find(node.stand_in) == nullptr) {
      return Status::invalid(
          fmt::format("node {} cannot stand in for node {}", node.stand_in, node.id));
    }
  }
  return Status::okay();
}

Status check_machines(const std::vector<Node>& nodes) {
  std::array<std::set<std::string_view>, kGroups> machines;
  for (const Node& node : nodes) {
    if (node.group == Group::kStandby || node.state == NodeState::kDead) continue;
    const auto group = static_cast<size_t>(node.group);
    machines[group].insert(node.machine);
    if (machines[1 - group].contains(node.machine)) {
      return Status::invalid(
          fmt::format("machine '{}' has nodes of both groups: both copies of a key would be lost "
                      "with it",
                      node.machine));
    }
  }
  return Status::okay();
}

Status check_owners(const Topology& topology, Group group) {
  std::set<NodeId> members;
  for (const Node& node : topology.nodes) {
    if (node.group == group) members.insert(node.id);
  }
  const std::vector<NodeId>& owner = topology.owner[static_cast<size_t>(group)];
  for (size_t vnode = 0; vnode < owner.size(); ++vnode) {
    if (members.contains(owner[vnode])) continue;
    return Status::invalid(
        fmt::format("vnode {} of group {} is owned by node {}, which is not in it", vnode,
                    group_name(group), owner[vnode]));
  }
  return Status::okay();
}

Status check_tables(const Topology& topology) {
  const size_t size = topology.formed() ? topology.vnodes : 0;
  if (topology.primary.size() != size) {
    return Status::invalid("the primary table does not have one entry for each vnode");
  }
  for (const auto& owner : topology.owner) {
    if (owner.size() != size) {
      return Status::invalid("an owner table does not have one entry for each vnode");
    }
  }
  const auto is_standby = [](Group group) { return group == Group::kStandby; };
  if (std::ranges::any_of(topology.primary, is_standby)) {
    return Status::invalid("the primary replica of a vnode is in group a or b");
  }
  DORIS_RETURN_IF_ERROR(check_owners(topology, Group::kA));
  return check_owners(topology, Group::kB);
}

}  // namespace

bool Topology::is_whole() const {
  return std::ranges::none_of(nodes, [](const Node& node) {
    return node.state == NodeState::kTempFailed || node.state == NodeState::kRecovering;
  });
}

const Node* Topology::find(NodeId id) const {
  const auto found = std::ranges::lower_bound(nodes, id, {}, &Node::id);
  return found == nodes.end() || found->id != id ? nullptr : &*found;
}

const Node* Topology::find(std::string_view name) const {
  const auto found = std::ranges::find(nodes, name, &Node::name);
  return found == nodes.end() ? nullptr : &*found;
}

Status Topology::validate(bool allow_same_machine) const {
  if (!is_cluster(cluster)) return Status::invalid("the cluster is not 32 lower-case hex digits");
  if (epoch < 1 || epoch > kEpochMax) return Status::invalid("the epoch is not 1 to 4294967295");
  if (vnodes < 1 || vnodes > kVnodesMax) {
    return Status::invalid("the number of vnodes is not 1 to 65535");
  }
  DORIS_RETURN_IF_ERROR(check_nodes(nodes));
  DORIS_RETURN_IF_ERROR(check_failed(*this));
  if (!allow_same_machine) DORIS_RETURN_IF_ERROR(check_machines(nodes));
  return check_tables(*this);
}

std::string_view group_name(Group group) {
  return kGroupNames[static_cast<size_t>(group)];
}

std::string_view node_state_name(NodeState state) {
  return kStateNames[static_cast<size_t>(state)];
}

std::optional<Group> parse_group(std::string_view name) {
  return parse_name<Group>(kGroupNames, name);
}

std::optional<NodeState> parse_node_state(std::string_view name) {
  return parse_name<NodeState>(kStateNames, name);
}

}  // namespace doris::topology

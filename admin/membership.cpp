#include "admin/membership.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/limits.h"
#include "base/topology/allocation.h"

namespace doris::admin {
namespace {

using topology::Group;
using topology::Node;
using topology::NodeId;
using topology::NodeState;
using topology::Topology;

constexpr std::string_view kEmptyDirectory = "-";  // In place of a cluster.

template <class Number>
Status parse_number(std::string_view what, std::string_view text, Number min, Number max,
                    Number& value) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc{} && rest == end && value >= min && value <= max) return Status::okay();
  return Status::invalid(
      fmt::format("{} '{}' is not a number from {} to {}", what, text, min, max));
}

std::string ports_text(const Node& node) {
  return fmt::format("{} ports {}-{}", node.host, node.port, node.port + node.shards);
}

bool share_a_port(const Node& a, const Node& b) {
  return a.host == b.host && a.port <= b.port + b.shards && b.port <= a.port + a.shards;
}

// The node that `registration` describes; its id, and the state of a new one, are open.
Node node_of(const Registration& registration) {
  Node node;
  node.name = registration.name;
  node.group = registration.group;
  node.state = registration.group == Group::kStandby ? NodeState::kStandby : NodeState::kJoining;
  node.machine = registration.machine;
  node.host = registration.host;
  node.port = registration.port;
  node.shards = registration.shards;
  return node;
}

// --- Refusals ---

Status check_cluster(const Topology& topology, const Registration& registration) {
  if (registration.cluster.empty()) return Status::okay();
  if (registration.cluster != topology.cluster) {
    return Status::invalid(
        fmt::format("the data directory belongs to cluster {}, and this admin serves cluster {}: "
                    "wrong admin address, or wrong server-dir",
                    registration.cluster, topology.cluster));
  }
  if (registration.epoch > topology.epoch) {
    return Status::invalid(
        fmt::format("the server has seen epoch {}, and this admin is at epoch {}: its admin-dir is "
                    "older than the cluster; stop it and restore a newer copy",
                    registration.epoch, topology.epoch));
  }
  return Status::okay();
}

Status check_new(const Registration& registration, const MembershipFacts& facts) {
  if (!registration.cluster.empty()) {
    return Status::invalid(
        fmt::format("the data directory belongs to a node of this cluster, but no node is called "
                    "'{}': start the server with the node-name that made the directory",
                    registration.name));
  }
  if (facts.next_node > std::numeric_limits<NodeId>::max()) {
    return Status::invalid("this cluster has given away all of its node ids");
  }
  return Status::okay();
}

// `known` is the node that has the name already.
Status check_empty_handed(const Topology& topology, const Registration& registration,
                          const Node& known, const MembershipFacts& facts) {
  const uint32_t owned = owned_vnodes(topology, known.id);
  if (owned > 0 && !facts.others_have_all(known.id)) {
    return Status::invalid(
        fmt::format("node '{}' owns {} vnodes, but the data directory of this server is empty, and "
                    "it cannot be filled anew: not every server that has the other copies is up. "
                    "Start those, or give this one the server-dir that '{}' had",
                    known.name, owned, known.name));
  }
  const bool moved = registration.host != known.host || registration.port != known.port;
  if (moved && facts.alive(known.id)) {
    return Status::invalid(fmt::format(
        "another server called '{}' is alive at {}:{}: each server needs a node-name of its own",
        known.name, known.host, known.port));
  }
  return Status::okay();
}

Status check_known(const Topology& topology, const Registration& registration, const Node& known,
                   const MembershipFacts& facts) {
  if (known.state == NodeState::kDead) {
    return Status::invalid(fmt::format(
        "node '{}' was declared dead and replaced: start the server with an empty server-dir and "
        "another node-name",
        known.name));
  }
  // A standby may have taken a place in a group since it was configured, or the other way round.
  const bool promoted = registration.group == Group::kStandby || known.group == Group::kStandby;
  if (known.group != registration.group && !promoted) {
    return Status::invalid(fmt::format("node '{}' belongs to group {}, and not to {}", known.name,
                                       topology::group_name(known.group),
                                       topology::group_name(registration.group)));
  }
  if (registration.cluster.empty()) {
    return check_empty_handed(topology, registration, known, facts);
  }
  if (topology.formed() && known.shards != registration.shards) {
    return Status::invalid(fmt::format("node '{}' was made with {} shards, and cannot change to {}",
                                       known.name, known.shards, registration.shards));
  }
  return Status::okay();
}

// Whether `node` may live where it says, beside the others.
Status check_place(const Topology& topology, const Node& node, const MembershipRules& rules,
                   const MembershipFacts& facts) {
  for (const Node& other : topology.nodes) {
    if (other.name == node.name || other.state == NodeState::kDead) continue;
    // An address is free once nobody answers there: servers may have swapped theirs.
    if (share_a_port(node, other) && facts.alive(other.id)) {
      return Status::invalid(fmt::format("{} overlap those of node '{}', {}", ports_text(node),
                                         other.name, ports_text(other)));
    }
  }
  if (node.group == Group::kStandby || rules.allow_same_machine) return Status::okay();
  if (const Node* const other = opposite_on_machine(topology, node.group, node.machine)) {
    return Status::invalid(fmt::format(
        "machine '{}' has node '{}' of group {} already, and would hold both copies of a key; "
        "start the admin with allow-same-machine yes to try Doris on one machine",
        node.machine, other->name, topology::group_name(other->group)));
  }
  return Status::okay();
}

// --- Forming ---

// The first nodes of a group, as many as the cluster needs to serve, or fewer.
std::vector<NodeId> founders(const Topology& topology, Group group, const MembershipRules& rules) {
  std::vector<NodeId> ids;
  for (const Node& node : topology.nodes) {
    if (node.group == group && node.state == NodeState::kJoining &&
        ids.size() < rules.initial_servers_per_group) {
      ids.push_back(node.id);
    }
  }
  return ids;
}

// Deals out the vnodes if enough servers are there. Whether it did.
bool form(Topology& topology, const MembershipRules& rules) {
  if (topology.formed()) return false;
  const std::vector<NodeId> in_a = founders(topology, Group::kA, rules);
  const std::vector<NodeId> in_b = founders(topology, Group::kB, rules);
  if (std::min(in_a.size(), in_b.size()) < rules.initial_servers_per_group) return false;
  for (Node& node : topology.nodes) {
    if (std::ranges::count(in_a, node.id) + std::ranges::count(in_b, node.id) > 0) {
      node.state = NodeState::kUp;
    }
  }
  topology.owner = {topology::allocate_group_a(topology.vnodes, in_a),
                    topology::allocate_group_b(topology.vnodes, in_b)};
  topology.primary = topology::initial_primaries(topology.vnodes);
  return true;
}

std::string formed_text(const MembershipRules& rules) {
  return fmt::format("the cluster is formed, {} in each group",
                     rules.initial_servers_per_group == 1
                         ? "1 server"
                         : fmt::format("{} servers", rules.initial_servers_per_group));
}

// Puts `node` into the topology, in place of `known` or as a new one, and says so.
Change admit(const Topology& topology, Node node, const Node* known, uint32_t next_node) {
  Change change{topology, "", ""};
  if (known == nullptr) {
    node.id = static_cast<NodeId>(next_node);
    change.what = fmt::format("{} joined {}", node.name,
                              node.group == Group::kStandby
                                  ? "as a standby"
                                  : fmt::format("group {}", topology::group_name(node.group)));
    change.why = "it registered for the first time";
    change.topology.nodes.push_back(std::move(node));
    return change;
  }
  node.id = known->id;
  node.state = known->state;
  node.since = known->since;
  node.stand_in = known->stand_in;
  node.held = known->held;
  if (node != *known) {
    change.what = fmt::format("{} is now on {}, {}, was on {}, {}", node.name, node.machine,
                              ports_text(node), known->machine, ports_text(*known));
    change.why = "it registered again from another place";
    *std::ranges::find(change.topology.nodes, node.id, &Node::id) = std::move(node);
  }
  return change;
}

// An owner has come without what it had: it has nothing, and whoever else fails has newer data.
void fill_anew(Change& change, NodeId id) {
  Node& node = *std::ranges::find(change.topology.nodes, id, &Node::id);
  if (node.since == topology::kSinceEver) return;
  node.since = topology::kSinceEver;
  if (node.state == NodeState::kUp) node.state = NodeState::kRecovering;
  change.what += fmt::format("{}{} is filled anew", change.what.empty() ? "" : "; ", node.name);
  if (change.why.empty()) change.why = "it came with an empty data directory";
}

}  // namespace

Result<Registration> parse_registration(std::span<const std::string_view> words) {
  constexpr size_t kWords = 10;
  if (words.size() != kWords) return Status::invalid("a registration of a server has 10 words");
  Registration registration;
  registration.name = words[0];
  const auto group = topology::parse_group(words[1]);
  if (!group) return Status::invalid(fmt::format("there is no group '{}'", words[1]));
  registration.group = *group;
  registration.machine = words[2];
  registration.host = words[3];
  DORIS_RETURN_IF_ERROR(parse_number<uint16_t>("port", words[4], 1, 65535, registration.port));
  DORIS_RETURN_IF_ERROR(
      parse_number<uint8_t>("shards", words[5], 1, kShardsMax, registration.shards));
  if (words[6] != kEmptyDirectory) registration.cluster = words[6];
  DORIS_RETURN_IF_ERROR(parse_number<topology::Epoch>(
      "epoch", words[7], 0, std::numeric_limits<uint32_t>::max(), registration.epoch));
  DORIS_RETURN_IF_ERROR(parse_number<uint64_t>(
      "incarnation", words[8], 0, std::numeric_limits<uint64_t>::max(), registration.incarnation));
  DORIS_RETURN_IF_ERROR(parse_number<uint64_t>(
      "disk mark", words[9], 0, std::numeric_limits<uint64_t>::max(), registration.disk_mark));
  return registration;
}

Result<std::optional<Change>> register_server(const Topology& topology,
                                              const Registration& registration,
                                              const MembershipRules& rules,
                                              const MembershipFacts& facts) {
  const Node* const known = topology.find(registration.name);
  DORIS_RETURN_IF_ERROR(check_cluster(topology, registration));
  DORIS_RETURN_IF_ERROR(known == nullptr ? check_new(registration, facts)
                                         : check_known(topology, registration, *known, facts));
  Node node = node_of(registration);
  if (known != nullptr) node.group = known->group;
  DORIS_RETURN_IF_ERROR(check_place(topology, node, rules, facts));

  Change change = admit(topology, node, known, facts.next_node);
  const bool empty_handed = known != nullptr && registration.cluster.empty();
  if (empty_handed && owned_vnodes(topology, known->id) > 0) fill_anew(change, known->id);
  DORIS_RETURN_IF_ERROR(change.topology.validate(/*allow_same_machine=*/true));
  if (form(change.topology, rules)) {
    change.what += (change.what.empty() ? "" : "; ") + formed_text(rules);
    if (change.why.empty()) change.why = "all of its first servers have registered";
  }
  if (change.topology == topology) return std::optional<Change>();
  ++change.topology.epoch;
  return std::optional<Change>(std::move(change));
}

std::optional<Change> form_if_complete(const Topology& topology, const MembershipRules& rules) {
  Change change{topology, formed_text(rules), "fewer first servers are asked for than before"};
  if (!form(change.topology, rules)) return std::nullopt;
  ++change.topology.epoch;
  return change;
}

std::string missing_servers(const Topology& topology, const MembershipRules& rules) {
  if (topology.formed()) return "";
  std::string text;
  for (const Group group : {Group::kA, Group::kB}) {
    const size_t missing =
        rules.initial_servers_per_group - founders(topology, group, rules).size();
    if (missing == 0) continue;
    text += fmt::format("{}{} more {} of group {}", text.empty() ? "" : " and ", missing,
                        missing == 1 ? "server" : "servers", topology::group_name(group));
  }
  return text;
}

const Node* opposite_on_machine(const Topology& topology, Group group, std::string_view machine) {
  const auto found = std::ranges::find_if(topology.nodes, [&](const Node& node) {
    return node.group == topology::other_group(group) && node.state != NodeState::kDead &&
           node.machine == machine;
  });
  return found == topology.nodes.end() ? nullptr : &*found;
}

uint32_t owned_vnodes(const Topology& topology, NodeId node) {
  ptrdiff_t count = 0;
  for (const auto& owner : topology.owner)
    count += std::ranges::count(owner, node);
  return static_cast<uint32_t>(count);
}

}  // namespace doris::admin

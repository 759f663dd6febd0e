#include "admin/operator_views.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "admin/map_builder.h"
#include "admin/task_views.h"
#include "admin/troubles.h"
#include "base/net/address.h"
#include "base/topology/key_hash.h"
#include "base/topology/routing_table.h"

namespace doris::admin {
namespace {

using resp::Value;
using topology::Group;
using topology::Node;
using topology::NodeId;
using topology::NodeState;
using topology::Topology;

std::string address_text(const Node& node, int port) {
  return net::Address{node.host, static_cast<uint16_t>(port)}.text();
}

Health health_of(const Scene& scene, NodeId id) {
  const NodeHealth* const health = scene.health(id);
  return health == nullptr ? Health::kUnknown : health->health();
}

// Whether the node's copies can be read and written.
bool is_live(const Scene& scene, const Node& node) {
  const NodeHealth* const health = scene.health(node.id);
  return node.state == NodeState::kUp && health != nullptr && health->serves();
}

// vnodes_with[n]: how many vnodes have n live replicas.
std::array<uint32_t, topology::kGroups + 1> count_copies(const Scene& scene) {
  std::vector<bool> live(std::numeric_limits<NodeId>::max() + 1, false);
  for (const Node& node : scene.topology.nodes)
    live[node.id] = is_live(scene, node);
  std::array<uint32_t, topology::kGroups + 1> vnodes_with{};
  for (size_t vnode = 0; vnode < scene.topology.vnodes; ++vnode) {
    size_t copies = 0;
    for (const auto& owner : scene.topology.owner)
      copies += live[owner[vnode]] ? 1 : 0;
    ++vnodes_with[copies];
  }
  return vnodes_with;
}

// The names of the owners that are not live.
std::string owners_not_live(const Scene& scene) {
  std::vector<std::string_view> names;
  for (const Node& node : scene.topology.nodes) {
    if (owned_vnodes(scene.topology, node.id) > 0 && !is_live(scene, node)) {
      names.push_back(node.name);
    }
  }
  return list_text(std::move(names));
}

// Whether an owner of vnodes has not been heard of since the admin started; which.
const Node* unheard_owner(const Scene& scene) {
  for (const Node& node : scene.topology.nodes) {
    const bool unheard = health_of(scene, node.id) == Health::kUnknown;
    if (unheard && owned_vnodes(scene.topology, node.id) > 0) return &node;
  }
  return nullptr;
}

// In one word, for a program; after a colon, more for people.
std::string state_text(const Scene& scene) {
  if (!scene.outdated.empty()) return fmt::format("outdated: {}", scene.outdated);
  if (!scene.topology.formed()) {
    return fmt::format("forming: waiting for {}", missing_servers(scene.topology, scene.rules));
  }
  if (unheard_owner(scene) != nullptr) return "starting";
  const auto [none, single, both] = count_copies(scene);
  if (both == scene.topology.vnodes) return "serving";
  return none > 0 ? "failing: there are keys that nobody can reach" : "degraded";
}

// Whether a watcher is a data server, which watches under its address or its name.
bool is_server(const Topology& topology, const Watcher& watcher) {
  return std::ranges::any_of(topology.nodes, [&](const Node& node) {
    return watcher.address == node.name || watcher.address == address_text(node, node.port);
  });
}

Value routers_list(const Scene& scene) {
  std::vector<Value> routers;
  for (const Watcher& watcher : scene.watchers) {
    if (is_server(scene.topology, watcher)) continue;
    routers.push_back(
        MapBuilder().add("router", watcher.address).add("epoch", watcher.epoch).take());
  }
  return Value::array(std::move(routers));
}

// `primaries`: of how many vnodes it is the primary now.
Value node_map(const Scene& scene, const Node& node, uint32_t primaries) {
  const NodeHealth* const health = scene.health(node.id);
  return MapBuilder()
      .add("node", node.name)
      .add("group", topology::group_name(node.group))
      .add("state", topology::node_state_name(node.state))
      .add("health", health_name(health_of(scene, node.id)))
      .add("address", address_text(node, node.port))
      .add("machine", node.machine)
      .add("shards", node.shards)
      .add("vnodes", owned_vnodes(scene.topology, node.id))
      .add("primaries", primaries)
      .add("epoch", health == nullptr ? 0 : health->last().epoch)
      .add("trouble", node_trouble(scene, node))
      .take();
}

Value replica_map(const Scene& scene, const topology::RoutingTable& table, topology::Vnode vnode,
                  Group group) {
  const topology::Replica replica = table.replica(vnode, group);
  const Node& node = *scene.topology.find(replica.node);
  return MapBuilder()
      .add("node", node.name)
      .add("group", topology::group_name(group))
      .add("shard", replica.shard)
      .add("address", address_text(node, node.port + 1 + replica.shard))
      .add("state", topology::node_state_name(node.state))
      .add("health", health_name(health_of(scene, node.id)))
      .take();
}

Value failover_map(const FailoverRules& rules) {
  return MapBuilder()
      .add("heartbeat interval", duration_text(rules.heartbeat_interval))
      .add("silence is failure after",
           fmt::format("{} x {}", rules.heartbeat_failures, duration_text(rules.heartbeat_timeout)))
      .add("permanent failure after", duration_text(rules.permanent_failure_after))
      .add("degraded writes", rules.degraded_writes ? "yes" : "no")
      .take();
}

std::string time_text(int64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03} UTC", fmt::gmtime(seconds), unix_ms % 1000);
}

}  // namespace

Value status_view(const Scene& scene) {
  uint32_t servers = 0;
  uint32_t up = 0;
  uint32_t down = 0;
  for (const Node& node : scene.topology.nodes) {
    if (node.state == NodeState::kDead) continue;
    ++servers;
    const Health health = health_of(scene, node.id);
    up += health == Health::kUp ? 1 : 0;
    down += health == Health::kDown ? 1 : 0;
  }
  MapBuilder map;
  map.add("cluster", scene.topology.cluster)
      .add("state", state_text(scene))
      .add("copies", copies_text(scene))
      .add("epoch", scene.topology.epoch)
      .add("vnodes", scene.topology.vnodes)
      .add("servers", servers)
      .add("servers up", up)
      .add("servers down", down)
      .add("routers", routers_list(scene));
  Value troubles = troubles_view(scene);
  if (!troubles.items.empty()) map.add("trouble", std::move(troubles));
  Value logs = logs_view(scene);
  if (!logs.items.empty()) map.add("update logs", std::move(logs));
  if (const size_t tasks = tasks_under_way(scene); tasks > 0) {
    map.add("tasks", fmt::format("{} under way, see DORIS.TASKS", tasks));
  }
  map.add("failover", failover_map(scene.failover));
  return map.take();
}

Value nodes_view(const Scene& scene) {
  std::optional<topology::RoutingTable> table;
  if (scene.topology.formed()) table.emplace(scene.topology);
  std::vector<Value> nodes;
  for (const Node& node : scene.topology.nodes) {
    nodes.push_back(node_map(scene, node, table ? table->primaries(node.id) : 0));
  }
  return Value::array(std::move(nodes));
}

Result<Value> route_view(const Scene& scene, std::string_view physical_key) {
  if (!scene.topology.formed()) {
    return Status::unavailable(
        fmt::format("the cluster is forming: it waits for {}, and no key has a place yet",
                    missing_servers(scene.topology, scene.rules)));
  }
  const topology::RoutingTable table(scene.topology);
  const topology::Vnode vnode = topology::KeyHasher().vnode(physical_key, table.vnodes());
  return MapBuilder()
      .add("key", physical_key)
      .add("vnode", vnode)
      .add("epoch", table.epoch())
      .add("primary", replica_map(scene, table, vnode, table.primary(vnode)))
      .add("secondary", replica_map(scene, table, vnode, table.secondary(vnode)))
      .take();
}

Value history_view(const std::vector<JournalEntry>& entries) {
  std::vector<Value> maps;
  maps.reserve(entries.size());
  for (const JournalEntry& entry : entries) {
    maps.push_back(MapBuilder()
                       .add("epoch", entry.epoch)
                       .add("when", time_text(entry.at_ms))
                       .add("who", entry.who)
                       .add("what", entry.what)
                       .add("why", entry.why)
                       .take());
  }
  return Value::array(std::move(maps));
}

resp::Value lines_view(std::string_view text) {
  std::vector<Value> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(Value::simple(std::string(text.substr(0, end))));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return Value::array(std::move(lines));
}

std::string copies_text(const Scene& scene) {
  if (!scene.topology.formed()) return "none: no vnode has an owner yet";
  if (const Node* const unheard = unheard_owner(scene); unheard != nullptr) {
    return fmt::format("not known yet: {} has not answered", unheard->name);
  }
  const auto [none, single, both] = count_copies(scene);
  if (both == scene.topology.vnodes) return fmt::format("2 copies of all {} vnodes", both);
  std::string text;
  if (both > 0) text = fmt::format("2 copies of {} vnodes, ", both);
  if (single > 0) text += fmt::format("1 copy of {} vnodes, ", single);
  if (none > 0) text += fmt::format("NO COPY of {} vnodes, ", none);
  return fmt::format("{}without {}", text, owners_not_live(scene));
}

std::string list_text(std::vector<std::string_view> names) {
  if (names.size() < 2) return names.empty() ? "" : std::string(names[0]);
  const std::string_view last = names.back();
  names.pop_back();
  return fmt::format("{} and {}", fmt::join(names, ", "), last);
}

std::string duration_text(Millis duration) {
  struct Unit {
    int64_t ms;
    std::string_view name;
  };
  constexpr std::array kUnits = {Unit{86'400'000, "d"}, Unit{3'600'000, "h"}, Unit{60'000, "min"},
                                 Unit{1000, "s"}};
  // Two of a unit at least, so that no more than a third is rounded away.
  for (const Unit& unit : kUnits) {
    if (duration.count() >= 2 * unit.ms) {
      return fmt::format("{} {}", duration.count() / unit.ms, unit.name);
    }
  }
  return fmt::format("{} ms", duration.count());
}

}  // namespace doris::admin

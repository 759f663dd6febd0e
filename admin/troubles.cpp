#include "admin/troubles.h"

#include <fmt/format.h>

#include "admin/failover.h"
#include "admin/map_builder.h"

namespace doris::admin {
namespace {

using resp::Value;
using topology::Node;
using topology::NodeState;
using topology::Topology;

std::string age_text(const Scene& scene, const NodeHealth& health) {
  return duration_text(std::chrono::duration_cast<Millis>(scene.now - health.since()));
}

std::string stand_in_text(const Topology& topology, const Node& node) {
  const Node* const keeper = topology.find(node.stand_in);
  if (keeper != nullptr) return fmt::format("{} keeps its update log", keeper->name);
  return topology.degraded_writes ? "its update log is kept beside the first copies"
                                  : "nobody keeps its update log, and writes are refused";
}

std::string recovery_text(const Node& node) {
  if (node.since == topology::kSinceEver) return "is filled anew";
  if (node.since == topology::kSinceLongAgo) return "has an older disk than it had, and recovers";
  return fmt::format("recovers since epoch {}", node.since);
}

// Whom it has to wait for: who has failed after it.
std::string awaited_text(const Topology& topology, const Node& node) {
  std::vector<std::string_view> names;
  for (const topology::NodeId id : owners_beside(topology, node.id)) {
    const Node& other = *topology.find(id);
    if (other.state == NodeState::kTempFailed && other.since > node.since) {
      names.push_back(other.name);
    }
  }
  if (names.empty()) return "";
  return fmt::format(
      "; waits for {}, whose data may be newer: start it, or give it up (DORIS.NODE REPLACE .. "
      "FORCE)",
      list_text(std::move(names)));
}

// What its state in the topology says of it, while that is not one of service.
std::string state_trouble(const Scene& scene, const Node& node) {
  const NodeHealth* const health = scene.health(node.id);
  if (node.state == NodeState::kRecovering) {
    const uint32_t left = health == nullptr ? 0 : health->last().vnodes_left;
    return fmt::format("{}: {} vnodes left to compare, see DORIS.TASKS{}", recovery_text(node),
                       left, awaited_text(scene.topology, node));
  }
  if (node.state == NodeState::kDead) {
    return "replaced: with an empty server-dir and another node-name, its machine can serve again";
  }
  if (node.state != NodeState::kTempFailed) return "";
  if (node.held) {
    return fmt::format("held by an operator since epoch {}, {}", node.since,
                       stand_in_text(scene.topology, node));
  }
  const std::string silence =
      health == nullptr || health->trouble().empty()
          ? ""
          : fmt::format(", no answer for {}: {}", age_text(scene, *health), health->trouble());
  return fmt::format("failed at epoch {}, {}{}", node.since, stand_in_text(scene.topology, node),
                     silence);
}

// For whom the update logs are that the keeper can put no more into.
std::string full_logs_text(const Scene& scene, const Heartbeat& keeper) {
  std::vector<std::string_view> names;
  for (const KeptLog& log : keeper.logs) {
    const Node* const target = log.full ? scene.topology.find(log.target) : nullptr;
    if (target != nullptr) names.push_back(target->name);
  }
  return list_text(std::move(names));
}

// What is wrong with a node, after its name; empty if nothing is.
std::string trouble_text(const Scene& scene, const Node& node) {
  const NodeHealth* const health = scene.health(node.id);
  if (std::string text = state_trouble(scene, node); !text.empty()) return text;
  if (health == nullptr) return std::string(topology::node_state_name(node.state));
  switch (health->health()) {
    case Health::kUnknown:
      return health->trouble().empty() ? "has not been asked yet"
                                       : fmt::format("does not answer yet: {}", health->trouble());
    case Health::kDown:
      return fmt::format("down, no answer for {}: {}", age_text(scene, *health), health->trouble());
    case Health::kUp:
      break;
  }
  if (health->last().shards_offline > 0) {
    return fmt::format("has {} of its {} shards offline", health->last().shards_offline,
                       node.shards);
  }
  if (health->last().shards_silent_for.count() > 0) {
    return fmt::format("one of its shards has done nothing for {}",
                       duration_text(health->last().shards_silent_for));
  }
  if (health->last().disk_full) return "its disk is too full for writes";
  if (const std::string full = full_logs_text(scene, health->last()); !full.empty()) {
    return fmt::format(
        "its update log for {} is full (update-log-max-size): writes that need more room are "
        "refused",
        full);
  }
  if (!health->last().ready && owned_vnodes(scene.topology, node.id) > 0) {
    return "does not serve yet";
  }
  if (!health->trouble().empty()) {
    return fmt::format("missed a heartbeat: {}", health->trouble());
  }
  return "";
}

std::string refusal_text(const Scene& scene, const Refusal& refusal) {
  const auto age = std::chrono::duration_cast<Millis>(scene.now - refusal.at);
  return fmt::format("was refused {} ago: {}", duration_text(age), refusal.reason);
}

}  // namespace

std::string node_trouble(const Scene& scene, const Node& node) {
  std::string text = trouble_text(scene, node);
  for (const Refusal& refusal : scene.refusals) {
    if (refusal.name != node.name) continue;
    text += fmt::format("{}a server of this name at {} {}", text.empty() ? "" : "; ",
                        refusal.address, refusal_text(scene, refusal));
  }
  return text;
}

Value troubles_view(const Scene& scene) {
  std::vector<Value> troubles;
  for (const Node& node : scene.topology.nodes) {
    const std::string trouble = trouble_text(scene, node);
    if (trouble.empty() || node.state == NodeState::kDead) continue;
    troubles.push_back(MapBuilder().add("server", node.name).add("trouble", trouble).take());
  }
  if (!scene.store_trouble.empty()) {
    troubles.push_back(MapBuilder()
                           .add("server", "the admin")
                           .add("trouble", fmt::format("nobody is failed over, and nothing else "
                                                       "changes, while it cannot write: {}",
                                                       scene.store_trouble))
                           .take());
  }
  for (const Refusal& refusal : scene.refusals) {
    troubles.push_back(MapBuilder()
                           .add("server", fmt::format("{} ({})", refusal.name, refusal.address))
                           .add("trouble", refusal_text(scene, refusal))
                           .take());
  }
  return Value::array(std::move(troubles));
}

}  // namespace doris::admin

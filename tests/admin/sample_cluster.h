// Fixtures of this room: registrations as servers send them, and clusters made of them.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>

#include "admin/membership.h"

namespace doris::admin::test {

constexpr std::string_view kCluster = "0123456789abcdef0123456789abcdef";

inline topology::Topology empty_cluster(uint32_t vnodes = 1000) {
  topology::Topology topology;
  topology.cluster = kCluster;
  topology.epoch = 1;
  topology.vnodes = vnodes;
  return topology;
}

// What a server called `name` with an empty directory says: "a1" is of group a, "b1" of
// group b, "s1" a standby, each on a machine of its own.
inline Registration newcomer(const std::string& name) {
  static std::map<std::string, uint16_t> ports;
  const auto port = static_cast<uint16_t>(7000 + 10 * ports.size());
  Registration registration;
  registration.name = name;
  registration.group = name[0] == 's'
                           ? topology::Group::kStandby
                           : (name[0] == 'a' ? topology::Group::kA : topology::Group::kB);
  registration.machine = "machine-of-" + name;
  registration.host = "10.0.0.1";
  registration.port = ports.emplace(name, port).first->second;
  registration.shards = 2;
  return registration;
}

// The same server once it has data.
inline Registration returning(const std::string& name) {
  Registration registration = newcomer(name);
  registration.cluster = kCluster;
  return registration;
}

// A cluster to which servers come, under `rules`.
class Members {
 public:
  explicit Members(uint32_t per_group = 1, bool allow_same_machine = false)
      : rules{per_group, allow_same_machine} {}

  // Lets a server register. True if that changed the topology; fails the test on refusal.
  bool admit(const Registration& registration) {
    auto change = try_to_register(registration);
    INFO(change.status().message());
    REQUIRE(change.ok());
    if (!change->has_value()) return false;
    accept(**change);
    return true;
  }

  // Why a server may not register; fails the test if it may.
  std::string refusal(const Registration& registration) {
    const auto change = try_to_register(registration);
    REQUIRE_FALSE(change.ok());
    CHECK(change.code() == Code::kInvalid);
    return change.status().message();
  }

  void accept(Change change) {
    REQUIRE(change.topology.epoch == topology.epoch + 1);
    REQUIRE(change.topology.validate(rules.allow_same_machine).ok());
    REQUIRE_FALSE(change.what.empty());
    REQUIRE_FALSE(change.why.empty());
    topology = std::move(change.topology);
    what = std::move(change.what);
    why = std::move(change.why);
    if (!topology.nodes.empty()) {
      next_node = std::max<uint32_t>(next_node, topology.nodes.back().id + 1U);
    }
  }

  const topology::Node& node(std::string_view name) const {
    const topology::Node* const found = topology.find(name);
    REQUIRE(found != nullptr);
    return *found;
  }

  topology::Topology topology = empty_cluster();
  MembershipRules rules;
  uint32_t next_node = 1;
  std::string alive;             // The name of the node that answers at its address.
  bool others_have_all = false;  // Of whatever node.
  std::string what;
  std::string why;  // The journal's words about the last change.

 private:
  Result<std::optional<Change>> try_to_register(const Registration& registration) {
    const auto is_alive = [this](topology::NodeId id) { return topology.find(id)->name == alive; };
    const auto is_whole = [this](topology::NodeId) { return others_have_all; };
    return register_server(topology, registration, rules, {next_node, is_alive, is_whole});
  }
};

}  // namespace doris::admin::test

// NodeOperations: what operators ask for with DORIS.NODE, and what the admin does by itself once
// a node has been gone for too long. Pure: a topology and facts go in, the topology of the next
// epoch or a refusal (kInvalid, in words for the operator) comes out.
#pragma once

#include <string_view>

#include "admin/failover.h"
#include "admin/membership.h"
#include "base/status.h"
#include "base/topology/topology.h"

namespace doris::admin {

// Takes a node out of service, for as long as release_node() is not called: for the time of a
// repair, or since it is sick in a way that nobody else sees. Refused, but for `force`, if keys
// of it have no other copy that can be reached.
Result<Change> hold_node(const topology::Topology& topology, std::string_view name,
                         const FactsOf& facts, bool force);

// Lets a node that is held back in: it recovers, as after a failure.
Result<Change> release_node(const topology::Topology& topology, std::string_view name);

// Puts the standby `successor` in the place of `name`, which is dead from then on. The successor
// is filled from the other copies while it takes writes. Refused, but for `force`, if `name`
// serves, or if those copies cannot all be reached. Always refused if a machine would hold both
// copies of a key, unless `rules` allow that.
Result<Change> replace_node(const topology::Topology& topology, std::string_view name,
                            std::string_view successor, const MembershipRules& rules,
                            const FactsOf& facts, bool force);

// Makes a standby of a node that owns nothing.
Result<Change> make_standby(const topology::Topology& topology, std::string_view name);

// A standby that could take the place of `failed`, as replace_node() says. One whose machine does
// not hold the other copies comes first. nullptr if there is none.
[[nodiscard]] const topology::Node* find_successor(const topology::Topology& topology,
                                                   const topology::Node& failed,
                                                   const MembershipRules& rules,
                                                   const FactsOf& facts);

}  // namespace doris::admin

// Membership: who may be a node of the cluster, and what a registration makes of the
// topology. Pure: a topology and a registration go in, a new topology or a refusal comes out.
//
//   forming:  each new server joins its group; when `initial_servers_per_group` of both
//             groups have, the vnodes are dealt out among them and they are `up`
//   formed:   a new server of group a or b is `joining`: it owns nothing until an expansion
//             moves vnodes to it; a standby is `standby`
//
// A server is known by its name. One that comes back may have moved to another address.
// Without its data it may come back only if its peers have all that it had, as long as it owns
// vnodes: it is filled anew.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/topology/topology.h"

namespace doris::admin {

// What a data server says of itself.
struct Registration {
  std::string name;
  topology::Group group = topology::Group::kA;
  std::string machine;
  std::string host;
  uint16_t port = 0;
  uint8_t shards = 0;
  std::string cluster;        // Empty: its data directory is.
  topology::Epoch epoch = 0;  // The highest one that it has seen.
  uint64_t incarnation = 0;   // Another one at each start of its process.
  uint64_t disk_mark = 0;     // How far its disk has come (disk_marks.h); 0: not known.
};

// Reads `name group machine host port shards cluster epoch incarnation mark` (resp/PROTOCOL.md,
// "Admin").
Result<Registration> parse_registration(std::span<const std::string_view> words);

struct MembershipRules {
  uint32_t initial_servers_per_group = 1;
  bool allow_same_machine = false;
};

// What the admin knows beside the topology.
struct MembershipFacts {
  uint32_t next_node = 1;                       // The id for a new node.
  std::function<bool(topology::NodeId)> alive;  // Whether the node answers at its address.
  // Whether others have all that the node has: it may be filled anew from them.
  std::function<bool(topology::NodeId)> others_have_all;
};

// A topology of the next epoch, and the journal's words about it.
struct Change {
  topology::Topology topology;
  std::string what;
  std::string why;
};

// The change that lets `registration` in; nothing if all is as it was. kInvalid says, to
// the operator who started the server, why it may not join and what would help.
Result<std::optional<Change>> register_server(const topology::Topology& topology,
                                              const Registration& registration,
                                              const MembershipRules& rules,
                                              const MembershipFacts& facts);

// The change that makes a forming cluster serve, if enough servers have registered. (They
// may have before `rules` changed.)
std::optional<Change> form_if_complete(const topology::Topology& topology,
                                       const MembershipRules& rules);

// "1 more server of group a and 2 more servers of group b"; empty if none is missing.
[[nodiscard]] std::string missing_servers(const topology::Topology& topology,
                                          const MembershipRules& rules);

// A node that is not dead, of the group opposite to `group`, on `machine`: a node of `group` there
// would make it hold both copies of a key. nullptr if there is none. REQUIRES: a or b.
[[nodiscard]] const topology::Node* opposite_on_machine(const topology::Topology& topology,
                                                        topology::Group group,
                                                        std::string_view machine);

// How many vnodes a node owns; 0 while the cluster is forming.
[[nodiscard]] uint32_t owned_vnodes(const topology::Topology& topology, topology::NodeId node);

}  // namespace doris::admin

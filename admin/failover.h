// Failover: how the states of the nodes follow what is known of them. Pure: a topology and facts
// go in, the topology of the next epoch comes out, or nothing.
//
//        failed, or hampered             answers again             complete in this epoch
//   up ----------------> temp-failed --------------> recovering ------------------------> up
//    \                        ^                        |  ^
//     \                       +--------- failed -------+  |
//      +---------- its process has restarted -------------+   (unless one that is up is silent)
//
// A node that an operator holds (DORIS.NODE FAIL) stays temp-failed. One that is hampered steps
// back only if the others have all that it has: what it still can do, nobody else may be able to.
//
// A failed node's update log is kept by its stand-in: a standby, or a neighbour in its group; on
// another machine than the other copies, if there is a choice.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "admin/membership.h"
#include "base/topology/topology.h"

namespace doris::admin {

// What is known of one node.
struct NodeFacts {
  bool known = false;                   // It was heard of, or given up, since the admin started.
  bool failed = false;                  // Beyond doubt: it is not to be waited for.
  bool answers = false;                 // And all of its shards are sound.
  bool hampered = false;                // It answers, and cannot do all that it should.
  bool restarted = false;               // Its process is another one than the one that was up.
  topology::Epoch recovered_epoch = 0;  // The epoch in which it says that it is complete.
  std::string why{};                    // Why it has failed or is hampered, for the journal.
};

using FactsOf = std::function<NodeFacts(const topology::Node& node)>;

// The nodes that own the other copies of what `node` owns.
[[nodiscard]] std::set<topology::NodeId> owners_beside(const topology::Topology& topology,
                                                       topology::NodeId node);

// Whether every other copy of what `node` owns is on a node that is up and answers: then `node`
// need not be waited for, and can be filled anew.
[[nodiscard]] bool others_have_all(const topology::Topology& topology, topology::NodeId node,
                                   const FactsOf& facts);

// What it means that the node has come back with an older disk than it had: it recovers as one that
// has been away for long. Whoever holds the other copies has newer data, and is waited for. Nothing
// if it owns nothing, or is taken for that already.
[[nodiscard]] std::optional<Change> follow_older_disk(const topology::Topology& topology,
                                                      topology::NodeId id);

// Gives every failed node a stand-in that can be one. What has changed, in words; empty if nothing.
[[nodiscard]] std::string place_logs(topology::Topology& topology, const FactsOf& facts);

// All changes that the facts ask for, as one. `degraded_writes` is the setting.
[[nodiscard]] std::optional<Change> follow_facts(const topology::Topology& topology,
                                                 const FactsOf& facts, bool degraded_writes);

}  // namespace doris::admin

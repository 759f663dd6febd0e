// The write path's rules when things change under a write that is on its way. Pure: a routing
// table, a part and one of its entries go in, what to do with the entry comes out.
//
// A blind write is proposed to its primary with a version, and the second copy leaves with the
// same one; an update's second copy leaves when its primary has answered. An entry that was not
// answered looks for its place again when its backend has lost its connection, or speaks for a
// new epoch:
//
//   the epoch it was proposed in is the table's    the same copy, the same version
//   an older one, and the primary is the same..
//     the primary has not answered                 propose it anew: a version of an older epoch
//                                                  could lose against what a failed node took
//     the second copy has not answered             to where that copy is now, the same version
//       .. and an epoch was missed meanwhile       propose it anew, if the primary has answered:
//                                                  another may have been one, without this write
//   an older one, and the primary has moved        propose it anew, to the new one: it may have
//                                                  ordered other writes since, without this one
//
// Proposing anew starts another *attempt*: entries of earlier ones end wherever they are. It is an
// update, whatever it was before, and names the operation: a server that has done it already does
// not do it again.
#pragma once

#include "base/topology/routing_table.h"
#include "router/request.h"

namespace doris::router {

enum class Resumption : uint8_t {
  kEnd,          // The entry belongs to an earlier attempt.
  kSendAgain,    // As it is.
  kProposeAnew,  // Another attempt, which begins with its primary.
};

// REQUIRES: `part` is a write's.
[[nodiscard]] Resumption resume_write(const topology::RoutingTable& table, const Part& part,
                                      const Entry& entry);

constexpr size_t kFollowersMax = 128;

// Of a blind write that is to be proposed anew: the last blind write of the key by the same client
// behind it, with nothing else of the key between, if there is one. That one may have been done, or
// be known where this one is not, and this one would be done after it. But nobody will see its
// value: it ends as that one does, just before it. nullptr also if there is none among the next
// kFollowersMax parts. REQUIRES: its request is submitted.
[[nodiscard]] Part* overwriting(const Part& part);

// Whether a write has ended well.
[[nodiscard]] bool is_on_both_copies(const Part& part);

// Whether somebody may have a write that has failed: has it, was asked for it and may yet do it, or
// was and did not say. Who refused it has not done it, and nobody has what never left.
[[nodiscard]] bool may_have_effect(const Part& part);

}  // namespace doris::router

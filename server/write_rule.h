// The write rule: what becomes of a write, given what is held. Pure, so that every store
// (Berkeley DB, a simulated disk) applies the same one.
//
//   the proposal is..    primary          secondary
//   newer than held      apply            apply
//   the one held         keep             keep            a retry: it is here already
//   older than held      raise and apply  keep            a newer write won
//
// What is absent counts as deleted in the version of its vnode's *floor*, below which tombstones
// have been reclaimed (Store::raise_floor): so no write of before comes back with a deleted key. So
// does a dead record that is here still, and that the other replica may have reclaimed.
// And a primary orders nothing below its floor, or the other replica could take it for one of
// these. Only what a replica copies from another that holds it (Role::kCopy) may be below.
#pragma once

#include <cstdint>
#include <optional>

#include "resp/version.h"
#include "server/record.h"
#include "server/store.h"

namespace doris::server {

enum class Verdict : uint8_t {
  kKeep,   // What is held stays.
  kApply,  // The write is stored under the version proposed.
  kRaise,  // The write is stored under a version above the one held.
};

struct Decision {
  Verdict verdict;
  resp::Version version;  // What the store holds afterwards.
};

// Whether a record may go for good once its vnode has this floor: it is dead, and older. A version
// of an earlier epoch is below, too, and yet may be of a moment ago.
[[nodiscard]] bool is_reclaimable(const RecordHeader& header, const resp::Version& floor,
                                  int64_t expired_by_ms);

// Whether a record counts for no more than an absent one: it had been reclaimable when its vnode
// got this floor.
[[nodiscard]] bool counts_as_absent(const RecordHeader& header, const resp::Version& floor);

[[nodiscard]] Decision decide(const std::optional<RecordHeader>& held, const resp::Version& floor,
                              const resp::Version& proposal, Role role);

}  // namespace doris::server

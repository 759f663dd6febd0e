#include "server/write_rule.h"

#include <algorithm>

#include "base/guard.h"

namespace doris::server {

bool is_reclaimable(const RecordHeader& header, const resp::Version& floor, int64_t expired_by_ms) {
  return header.version < floor && header.version.hlc < floor.hlc && !header.live(expired_by_ms);
}

Decision decide(const std::optional<RecordHeader>& held, const resp::Version& floor,
                const resp::Version& proposal, Role role) {
  const bool copies = role == Role::kCopy;
  const bool below_floor = copies || !guarded(Guard::kFloor);
  const resp::Version newest = held ? held->version : below_floor ? resp::Version{} : floor;
  if (held && proposal == newest) return {Verdict::kKeep, newest};
  const bool orders = role == Role::kPrimary;
  const resp::Version least = orders ? std::max(newest, floor) : newest;
  if (proposal > least) return {Verdict::kApply, proposal};
  if (!orders && !guarded(Guard::kReplicasCompare)) return {Verdict::kApply, proposal};
  if (!orders || !guarded(Guard::kPrimaryRaises)) return {Verdict::kKeep, newest};
  return {Verdict::kRaise, least.raised_for(proposal)};
}

}  // namespace doris::server

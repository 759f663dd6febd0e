#include "server/write_rule.h"

#include <algorithm>

#include "base/guard.h"

namespace doris::server {

bool is_reclaimable(const RecordHeader& header, const resp::Version& floor, int64_t expired_by_ms) {
  return header.version < floor && header.version.hlc < floor.hlc && !header.live(expired_by_ms);
}

bool counts_as_absent(const RecordHeader& header, const resp::Version& floor) {
  return is_reclaimable(header, floor, static_cast<int64_t>(floor.hlc >> 16));
}

Decision decide(const std::optional<RecordHeader>& held, const resp::Version& floor,
                const resp::Version& proposal, Role role) {
  const bool copies = role == Role::kCopy;
  const bool below_floor = copies || !guarded(Guard::kFloor);
  if (held && proposal == held->version) return {Verdict::kKeep, proposal};
  resp::Version newest = held ? held->version : resp::Version{};
  if (!below_floor && (!held || counts_as_absent(*held, floor))) newest = floor;
  const bool orders = role == Role::kPrimary;
  const resp::Version least = orders ? std::max(newest, floor) : newest;
  if (proposal > least) return {Verdict::kApply, proposal};
  if (!orders && !guarded(Guard::kReplicasCompare)) return {Verdict::kApply, proposal};
  if (!orders || !guarded(Guard::kPrimaryRaises)) return {Verdict::kKeep, newest};
  return {Verdict::kRaise, least.raised_for(proposal)};
}

}  // namespace doris::server

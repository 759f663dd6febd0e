#include "server/write_rule.h"

#include <algorithm>

namespace doris::server {

bool is_reclaimable(const RecordHeader& header, const resp::Version& floor, int64_t expired_by_ms) {
  return header.version < floor && header.version.hlc < floor.hlc && !header.live(expired_by_ms);
}

Decision decide(const std::optional<RecordHeader>& held, const resp::Version& floor,
                const resp::Version& proposal, Role role) {
  const bool copies = role == Role::kCopy;
  const resp::Version newest = held ? held->version : copies ? resp::Version{} : floor;
  if (held && proposal == newest) return {Verdict::kKeep, newest};
  const bool orders = role == Role::kPrimary;
  const resp::Version least = orders ? std::max(newest, floor) : newest;
  if (proposal > least) return {Verdict::kApply, proposal};
  if (!orders) return {Verdict::kKeep, newest};
  return {Verdict::kRaise, least.raised_for(proposal)};
}

}  // namespace doris::server

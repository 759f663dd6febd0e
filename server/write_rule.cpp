#include "server/write_rule.h"

namespace doris::server {

Decision decide(const std::optional<RecordHeader>& held, const resp::Version& proposal, Role role) {
  if (!held || proposal > held->version) return {Verdict::kApply, proposal};
  if (proposal == held->version || role == Role::kSecondary) return {Verdict::kKeep, held->version};
  return {Verdict::kRaise, held->version.raised_for(proposal)};
}

}  // namespace doris::server

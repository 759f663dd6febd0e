#include "admin/refusal_list.h"

#include <algorithm>

#include "base/one_line.h"

namespace doris::admin {

bool RefusalList::note(Refusal refusal) {
  refusal.name = one_line(refusal.name.substr(0, kNameBytesMax));
  refusal.address = one_line(refusal.address.substr(0, kReasonBytesMax));
  refusal.reason = one_line(refusal.reason.substr(0, kReasonBytesMax));
  const auto before = refusals_.find(refusal.name);
  const bool known = before != refusals_.end() && before->second.address == refusal.address &&
                     before->second.reason == refusal.reason;
  if (before == refusals_.end() && refusals_.size() >= kNamesMax) {
    refusals_.erase(
        std::ranges::min_element(refusals_, {}, [](const auto& entry) { return entry.second.at; }));
  }
  std::string name = refusal.name;
  refusals_[std::move(name)] = std::move(refusal);
  return !known;
}

std::vector<Refusal> RefusalList::list(TimePoint now) {
  std::erase_if(refusals_,
                [now](const auto& entry) { return now - entry.second.at >= kForgottenAfter; });
  std::vector<Refusal> all;
  for (const auto& [name, refusal] : refusals_)
    all.push_back(refusal);
  return all;
}

}  // namespace doris::admin

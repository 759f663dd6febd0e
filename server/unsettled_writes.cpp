#include "server/unsettled_writes.h"

namespace doris::server {

void UnsettledWrites::add(uint32_t writer, const KeyRef& key, const resp::Version& proposal,
                          const Done& done) {
  const auto remember = [&](const resp::Version& version) {
    const resp::WriteId id = resp::write_id(key.physical_key, version);
    writes_.insert_or_assign(id, Held{writer, key.vnode, std::string(key.physical_key), done});
    in_batch_.push_back(id);
  };
  remember(proposal);
  if (done.version != proposal) remember(done.version);
}

void UnsettledWrites::drop_batch() {
  for (const resp::WriteId id : in_batch_)
    writes_.erase(id);
  in_batch_.clear();
}

void UnsettledWrites::settle(resp::WriteId id) {
  const auto found = writes_.find(id);
  if (found == writes_.end()) return;
  const resp::WriteId raised = resp::write_id(found->second.key, found->second.done.version);
  writes_.erase(found);
  writes_.erase(raised);
}

void UnsettledWrites::forget_before(topology::Epoch epoch) {
  std::erase_if(writes_,
                [&](const auto& entry) { return entry.second.done.version.epoch < epoch; });
}

void UnsettledWrites::abandon(resp::WriteId id) {
  const auto found = writes_.find(id);
  if (found == writes_.end()) return;
  found->second.writer = 0;
  const resp::WriteId raised = resp::write_id(found->second.key, found->second.done.version);
  if (const auto other = writes_.find(raised); other != writes_.end()) other->second.writer = 0;
}

const UnsettledWrites::Done* UnsettledWrites::find(const KeyRef& key,
                                                   const resp::Version& proposal) const {
  const auto found = writes_.find(resp::write_id(key.physical_key, proposal));
  return found == writes_.end() ? nullptr : &found->second.done;
}

bool UnsettledWrites::is_settled(std::string_view key, const resp::Version& version) const {
  return writes_.empty() || !writes_.contains(resp::write_id(key, version));
}

std::set<topology::Vnode> UnsettledWrites::vnodes_before(topology::Epoch epoch) const {
  std::set<topology::Vnode> vnodes;
  for (const auto& [id, held] : writes_) {
    if (held.done.version.epoch < epoch) vnodes.insert(held.vnode);
  }
  return vnodes;
}

std::vector<UnsettledWrites::Orphan> UnsettledWrites::orphans(TimePoint deadline,
                                                              size_t count) const {
  std::vector<Orphan> found;
  for (const auto& [id, held] : writes_) {
    if (found.size() >= count) break;
    const auto away = away_since_.find(held.writer);
    const bool is_away = away != away_since_.end() && away->second <= deadline;
    if (held.writer != 0 && !is_away) continue;
    found.push_back({id, held.vnode, held.key});
  }
  return found;
}

}  // namespace doris::server

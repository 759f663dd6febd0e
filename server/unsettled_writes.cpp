#include "server/unsettled_writes.h"

#include <algorithm>

#include "base/guard.h"

namespace doris::server {

void UnsettledWrites::add(uint32_t writer, const KeyRef& key, const resp::Version& proposal,
                          const Done& done, resp::WriteId operation) {
  const resp::WriteId proposed = resp::write_id(key.physical_key, proposal);
  const resp::WriteId raised =
      done.version == proposal ? proposed : resp::write_id(key.physical_key, done.version);
  const resp::WriteId first =
      done.first.epoch == 0 ? raised : resp::write_id(key.physical_key, done.first);
  const Ids ids{proposed, raised, operation == 0 ? proposed : operation, first};
  // The operation may be remembered from an earlier proposal. Its writer settles the last one only,
  // and the record has the version of the earlier one no more.
  if (const auto earlier = writes_.find(ids[2]); earlier != writes_.end()) forget(earlier->second);
  for_each(ids, [&](resp::WriteId id) {
    set(id, {writer, key.vnode, std::string(key.physical_key), done, ids});
  });
}

// Of most writes all ids are the same.
template <class Function>
void UnsettledWrites::for_each(const Ids& ids, const Function& function) {
  for (auto id = ids.begin(); id != ids.end(); ++id) {
    if (std::find(ids.begin(), id, *id) == id) function(*id);
  }
}

void UnsettledWrites::set(resp::WriteId id, Held held) {
  const auto [place, is_new] = writes_.try_emplace(id);
  in_batch_.emplace_back(id, is_new ? nullptr : std::make_unique<Held>(std::move(place->second)));
  place->second = std::move(held);
}

void UnsettledWrites::forget(const Held& held) {
  for_each(Ids(held.ids), [&](resp::WriteId id) {
    const auto found = writes_.find(id);
    if (found == writes_.end()) return;
    in_batch_.emplace_back(id, std::make_unique<Held>(std::move(found->second)));
    writes_.erase(found);
  });
}

// A writer's own writes reach the primary in their order: it knows those before the new one.
void UnsettledWrites::overtake(const KeyRef& key, const resp::Version& version,
                               resp::Version before) {
  if (!guarded(Guard::kOvertakenForgotten)) return;
  const uint32_t writer = version.writer & ~resp::Version::kRaisedBit;
  const Held* found = held(key.physical_key, before);
  while (found != nullptr) {
    const resp::Version beneath = found->done.before;
    if (found->writer != writer) forget(*found);
    found = beneath < before ? held(key.physical_key, beneath) : nullptr;
    before = beneath;
  }
}

void UnsettledWrites::drop_batch() {
  for (; !in_batch_.empty(); in_batch_.pop_back()) {
    auto& [id, before] = in_batch_.back();
    if (before != nullptr) {
      writes_.insert_or_assign(id, std::move(*before));
    } else {
      writes_.erase(id);
    }
  }
}

void UnsettledWrites::settle(resp::WriteId id) {
  const auto found = writes_.find(id);
  if (found == writes_.end()) return;
  for_each(Ids(found->second.ids), [&](resp::WriteId each) { writes_.erase(each); });
}

void UnsettledWrites::forget_before(topology::Epoch epoch) {
  std::erase_if(writes_,
                [&](const auto& entry) { return entry.second.done.version.epoch < epoch; });
}

void UnsettledWrites::abandon(resp::WriteId id) {
  const auto found = writes_.find(id);
  if (found == writes_.end()) return;
  for (const resp::WriteId each : found->second.ids) {
    if (const auto other = writes_.find(each); other != writes_.end()) other->second.writer = 0;
  }
}

const UnsettledWrites::Done* UnsettledWrites::find(resp::WriteId id) const {
  const auto found = writes_.find(id);
  return found == writes_.end() ? nullptr : &found->second.done;
}

const UnsettledWrites::Held* UnsettledWrites::held(std::string_view key,
                                                   const resp::Version& version) const {
  if (writes_.empty()) return nullptr;
  const auto found = writes_.find(resp::write_id(key, version));
  return found == writes_.end() ? nullptr : &found->second;
}

bool UnsettledWrites::is_settled(std::string_view key, const resp::Version& version) const {
  return held(key, version) == nullptr;
}

resp::Version UnsettledWrites::base_of(uint32_t writer, std::string_view key,
                                       const resp::Version& version) const {
  const Held* const found = held(key, version);
  if (found == nullptr || found->writer == 0) return {};
  if (found->writer != writer) return version;
  if (found->done.effect == nullptr) return {};
  const resp::Version& base = found->done.effect->base;
  return is_settled(key, base) ? resp::Version{} : base;
}

bool UnsettledWrites::is_final(std::string_view key, const resp::Version& version,
                               TimePoint deadline) const {
  const Held* const found = held(key, version);
  return found == nullptr || found->writer == 0 || is_away(found->writer, deadline);
}

bool UnsettledWrites::is_away(uint32_t writer, TimePoint deadline) const {
  const auto away = away_since_.find(writer);
  return away != away_since_.end() && away->second <= deadline;
}

std::set<topology::Vnode> UnsettledWrites::vnodes_before(topology::Epoch epoch) const {
  std::set<topology::Vnode> vnodes;
  for (const auto& [id, held] : writes_) {
    if (held.done.version.epoch < epoch) vnodes.insert(held.vnode);
  }
  return vnodes;
}

bool UnsettledWrites::has_below(topology::Vnode vnode, const resp::Version& version) const {
  return std::ranges::any_of(writes_, [&](const auto& entry) {
    return entry.second.vnode == vnode && entry.second.done.version < version;
  });
}

std::set<uint32_t> UnsettledWrites::writers() const {
  std::set<uint32_t> writers;
  for (const auto& [id, held] : writes_) {
    if (held.writer != 0) writers.insert(held.writer);
  }
  return writers;
}

std::vector<UnsettledWrites::Orphan> UnsettledWrites::orphans(TimePoint deadline,
                                                              size_t count) const {
  std::vector<Orphan> found;
  for (const auto& [id, held] : writes_) {
    if (found.size() >= count) break;
    if (held.writer != 0 && !is_away(held.writer, deadline)) continue;
    found.push_back({id, held.vnode, held.key, held.done.version});
  }
  return found;
}

}  // namespace doris::server

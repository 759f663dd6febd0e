#include "server/unsettled_writes.h"

#include <algorithm>

#include "base/guard.h"

namespace doris::server {
namespace {

// So long after it was taken nobody tells us of a write any more: its router proposes it no later
// than kProposalTimeMax, and forgets what it would have told if we are out of reach for long.
constexpr Millis kAgeMax{10'000};

size_t bytes_of(const UnsettledWrites::Effect& effect) {
  return effect.value.size() + (effect.reply ? effect.reply->text.size() : 0);
}

// An effect, counted.
class KeptEffect {
 public:
  KeptEffect(UnsettledWrites::Effect what, size_t& sum)
      : effect(std::move(what)), bytes_(bytes_of(effect)), sum_(sum) {
    sum_ += bytes_;
  }
  ~KeptEffect() { sum_ -= bytes_; }
  KeptEffect(const KeptEffect&) = delete;
  KeptEffect& operator=(const KeptEffect&) = delete;

  const UnsettledWrites::Effect effect;

 private:
  const size_t bytes_;
  size_t& sum_;
};

}  // namespace

std::shared_ptr<const UnsettledWrites::Effect> UnsettledWrites::keep(Effect effect) {
  auto kept = std::make_shared<const KeptEffect>(std::move(effect), effect_bytes_);
  return {kept, &kept->effect};
}

void UnsettledWrites::add(uint32_t writer, const KeyRef& key, const resp::Version& proposal,
                          const Done& done, resp::WriteId operation) {
  const resp::WriteId proposed = resp::write_id(key.physical_key, proposal);
  const resp::WriteId raised =
      done.version == proposal ? proposed : resp::write_id(key.physical_key, done.version);
  const resp::WriteId first =
      done.first.epoch == 0 ? raised : resp::write_id(key.physical_key, done.first);
  set({.writer = writer,
       .vnode = key.vnode,
       .key = std::string(key.physical_key),
       .done = done,
       .ids = {proposed, raised, operation == 0 ? proposed : operation, first}});
}

void UnsettledWrites::add_shared(const KeyRef& key, const Notice& notice, TimePoint now) {
  const auto known = writes_.find(notice.ids[2]);
  if (known != writes_.end() && known->second.done.version == notice.version) {
    share(key.physical_key, {notice});  // Its writer was here, and will tell.
    return;
  }
  set({.writer = notice.writer,
       .vnode = key.vnode,
       .key = std::string(key.physical_key),
       .done = {.version = notice.version, .before = notice.before, .first = notice.first},
       .ids = notice.ids,
       .shared = true,
       .both_know = true,
       .told_at = now});
}

// The operation may be remembered from an earlier proposal. Its writer settles the last one only,
// and the record has the version of the earlier one no more.
void UnsettledWrites::set(const Held& held) {
  Held latest = held;
  if (const auto earlier = writes_.find(held.ids[2]); earlier != writes_.end()) {
    const Held& known = earlier->second;
    latest.both_know = latest.both_know || known.both_know;
    latest.shared = latest.shared || (known.shared && known.done.version == held.done.version);
    forget(known);
  }
  for_each(latest.ids, [&](resp::WriteId id) { set(id, latest); });
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
    if (found->writer != writer && !found->both_know) forget(*found);
    found = beneath < before ? held(key.physical_key, beneath) : nullptr;
    before = beneath;
  }
}

void UnsettledWrites::keep_batch() {
  in_batch_.clear();
  settled_in_batch_.clear();
  abandoned_in_batch_.clear();
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
  for (const resp::WriteId id : std::exchange(settled_in_batch_, {}))
    settle_now(id);
  for (const resp::WriteId id : std::exchange(abandoned_in_batch_, {}))
    abandon_now(id);
}

void UnsettledWrites::settle(resp::WriteId id) {
  if (!in_batch_.empty()) settled_in_batch_.push_back(id);
  settle_now(id);
}

void UnsettledWrites::abandon(resp::WriteId id) {
  if (!in_batch_.empty()) abandoned_in_batch_.push_back(id);
  abandon_now(id);
}

void UnsettledWrites::settle_now(resp::WriteId id) {
  const auto found = writes_.find(id);
  if (found == writes_.end()) return;
  for_each(Ids(found->second.ids), [&](resp::WriteId each) { writes_.erase(each); });
}

void UnsettledWrites::forget_before(topology::Epoch epoch) {
  std::erase_if(writes_,
                [&](const auto& entry) { return entry.second.done.version.epoch < epoch; });
}

void UnsettledWrites::clear() {
  writes_.clear();
  keep_batch();  // Nothing of what it has changed is there to come back.
}

void UnsettledWrites::abandon_now(resp::WriteId id) {
  const auto found = writes_.find(id);
  if (found == writes_.end()) return;
  for (const resp::WriteId each : found->second.ids) {
    if (const auto other = writes_.find(each); other != writes_.end()) other->second.writer = 0;
  }
}

UnsettledWrites::NoticesByKey UnsettledWrites::notices(const std::set<std::string>& keys) const {
  NoticesByKey notices;
  for (const auto& [id, held] : writes_) {
    if (id != held.ids[0] || !keys.contains(held.key)) continue;
    notices[held.key].push_back(
        {held.writer, held.ids, held.done.version, held.done.before, held.done.first});
  }
  return notices;
}

// What has got another version meanwhile has to be shared again.
void UnsettledWrites::share(std::string_view key, const std::vector<Notice>& notices) {
  for (const Notice& notice : notices) {
    for_each(notice.ids, [&](resp::WriteId id) {
      const auto found = writes_.find(id);
      if (found == writes_.end() || found->second.key != key) return;
      Held& held = found->second;
      held.both_know = true;
      held.shared = held.shared || held.done.version == notice.version;
    });
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
  const Held* const found = held(key, version);
  return found == nullptr || found->shared;
}

resp::Version UnsettledWrites::base_of(uint32_t writer, std::string_view key,
                                       const resp::Version& version) const {
  const Held* const found = held(key, version);
  if (found == nullptr || found->writer == 0 || found->shared) return {};
  if (found->writer != writer) return version;
  if (found->done.effect == nullptr) return {};
  const resp::Version& base = found->done.effect->base;
  return is_settled(key, base) ? resp::Version{} : base;
}

bool UnsettledWrites::is_final(std::string_view key, const resp::Version& version,
                               TimePoint deadline) const {
  const Held* const found = held(key, version);
  return found == nullptr || found->writer == 0 || found->shared || is_away(*found, deadline);
}

bool UnsettledWrites::is_away(const Held& held, TimePoint deadline) const {
  // What its writer has sent in time may take as long again until it is done here.
  if (held.told_at) return *held.told_at + resp::kOrphanGrace <= deadline;
  if (held.seen_at && *held.seen_at + kAgeMax <= deadline) return true;
  const auto away = away_since_.find(held.writer);
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
    if (held.writer != 0 && !held.told_at) writers.insert(held.writer);
  }
  return writers;
}

// Some may go nowhere for now: those behind them have their turn all the same.
std::vector<UnsettledWrites::Orphan> UnsettledWrites::orphans(TimePoint deadline, size_t count) {
  // What is left by then of those who have been away is old.
  std::erase_if(away_since_,
                [&](const auto& entry) { return entry.second + 2 * kAgeMax <= deadline; });
  std::vector<Orphan> found;
  if (writes_.empty()) return found;
  const size_t buckets = writes_.bucket_count();
  for (size_t i = 0; i < buckets && found.size() < count; ++i) {
    bucket_ = (bucket_ + 1) % buckets;
    for (auto at = writes_.begin(bucket_); at != writes_.end(bucket_); ++at) {
      auto& [id, held] = *at;
      if (!held.seen_at) held.seen_at = deadline;
      if (held.writer != 0 && !is_away(held, deadline)) continue;
      found.push_back({id, held.vnode, held.key, held.done.version, held.shared});
    }
  }
  return found;
}

}  // namespace doris::server

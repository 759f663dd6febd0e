#include "server/vnode_sync.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/guard.h"
#include "base/log.h"
#include "server/shard.h"

namespace doris::server {
namespace {

const Log kLog("sync");

constexpr size_t kDigestsPerCall = 128;
constexpr size_t kKeysPerPage = 256;
constexpr size_t kKeysPerFetch = 64;
constexpr Millis kRetryPause{100};

}  // namespace

VnodeSync::VnodeSync(net::Loop& loop, Shard& shard, std::unique_ptr<PeerClient> peer,
                     std::vector<topology::Vnode> vnodes, Aim aim, Callbacks callbacks)
    : loop_(loop),
      shard_(shard),
      peer_(std::move(peer)),
      aim_(aim),
      callbacks_(std::move(callbacks)),
      retry_(loop.timer([this] { go_on(); })),
      unknown_(std::move(vnodes)) {
  retry_->start(Millis{0});
}

void VnodeSync::add(topology::Vnode vnode) {
  const bool idle = unknown_.empty() && different_.empty() && later_.empty();
  unknown_.push_back(vnode);
  if (idle) retry_->start(Millis{0});
}

// Goes on from where it stands. What a failure has interrupted is done again: a page, at most.
void VnodeSync::go_on() {
  if (!different_.empty()) {
    read_page();
  } else if (!unknown_.empty()) {
    compare_digests();
  } else if (!later_.empty()) {
    std::swap(unknown_, later_);
    retry_->start(kRetryPause);
  } else {
    callbacks_.on_done();
  }
}

void VnodeSync::on_trouble(const Status& why) {
  if (why.message() != trouble_) {
    kLog.info("{}: comparing with {} waits: {}", shard_.options().name, peer_->address().text(),
              why.message());
  }
  trouble_ = why.message();
  retry_->start(kRetryPause);
}

// ---- Digests -------------------------------------------------------------------------

void VnodeSync::compare_digests() {
  const size_t count = std::min(unknown_.size(), kDigestsPerCall);
  std::vector<std::string> command = {"VDIGEST"};
  for (size_t i = 0; i < count; ++i)
    command.push_back(fmt::to_string(unknown_[unknown_.size() - 1 - i]));
  peer_->ask(std::move(command),
             [this, count](const Result<resp::Value>& reply) { on_digests(reply, count); });
}

void VnodeSync::on_digests(const Result<resp::Value>& reply, size_t count) {
  const auto theirs = reply.ok() ? read_summaries(*reply) : reply.status();
  if (!theirs.ok() || theirs->size() != count) {
    on_trouble(theirs.ok() ? Status::invalid("another number of digests came") : theirs.status());
    return;
  }
  if (!answered_at_) answered_at_ = loop_.now();
  std::vector<VnodeFloor> equal;
  std::vector<topology::Vnode> different;
  for (size_t i = 0; i < count; ++i) {
    const topology::Vnode vnode = unknown_[unknown_.size() - 1 - i];
    const VnodeSummary& summary = (*theirs)[i];
    if (summary.digest == shard_.store().digest(vnode)) {
      equal.push_back({vnode, summary.floor});
    } else {
      different.push_back(vnode);
    }
  }
  if (const Status taken = take_floors(equal); !taken.ok()) {
    on_trouble(taken);
    return;
  }
  unknown_.resize(unknown_.size() - count);
  for (const topology::Vnode vnode : different)
    put_aside(vnode);
  for (const VnodeFloor& each : equal)
    done(each.vnode, {});
  go_on();
}

// This side has all that the other has of these vnodes: what is absent here is absent there, and
// counts there as deleted in its floor. With the reclaimed tombstones, it would be forgotten here
// that it was.
Status VnodeSync::take_floors(const std::vector<VnodeFloor>& floors) {
  if (!recovers() || !guarded(Guard::kFloorsTakenOver)) return Status::okay();
  for (const VnodeFloor& each : floors) {
    if (each.floor <= shard_.store().floor(each.vnode)) continue;
    DORIS_RETURN_IF_ERROR(shard_.add_to_batch(
        [&](Store& store) { return store.raise_floor(each.vnode, each.floor); }));
  }
  return shard_.commit_copies();
}

// Where writes go on, digests differ for as long as one is on its way: a second look is cheaper
// than a list of keys.
void VnodeSync::put_aside(topology::Vnode vnode) {
  const bool first = both_are_up() && put_aside_.insert(vnode).second;
  (first ? later_ : different_).push_back(vnode);
}

// ---- One vnode, page by page -----------------------------------------------------------

void VnodeSync::read_page() {
  to_ask_.clear();
  to_fetch_.clear();
  to_send_.clear();
  of_page_.clear();
  peer_->ask(keys_command(different_.back(), from_, kKeysPerPage),
             [this](const Result<resp::Value>& reply) { on_page(reply); });
}

void VnodeSync::on_page(const Result<resp::Value>& reply) {
  const Result<KeyPage> page = reply.ok() ? read_key_page(*reply) : reply.status();
  auto found = page.ok()
                   ? compare_page(shard_.store(), different_.back(), from_, *page, shard_.now_ms())
                   : page.status();
  if (!found.ok()) {
    if (guarded(Guard::kScanErrorsFail)) return on_trouble(found.status());
    next_.clear();
    return finish_page();
  }
  next_ = page->next;
  floor_ = page->floor;
  if (from_.empty()) first_floor_ = page->floor;
  for (TheirKey& each : found->coming)
    coming_.emplace(std::move(each.key), each.version);
  sort_theirs(std::move(found->theirs));
  if (!fetches()) sort_ours(std::move(found->ours));
  work_off();
}

void VnodeSync::sort_theirs(std::vector<TheirKey> theirs) {
  const bool comes_anew = loop_.now() < *answered_at_ + shard_.proposal_time();
  for (TheirKey& each : theirs) {
    note_difference(each.key, each.version, /*here=*/true);
    if (fetches() && comes_anew && each.version.epoch < aim_.failed_in) {
      must_wait_ = true;
    } else {
      to_fetch_.push_back(std::move(each));
    }
  }
}

// What is newer here goes there, or is asked about first.
void VnodeSync::sort_ours(std::vector<OurKey> ours) {
  for (OurKey& each : ours) {
    if (comes_by_itself(each)) continue;
    if (!recovers() || each.below) {
      to_ask_.push_back(std::move(each));
    } else if (shard_.may_come_anew(each.version)) {
      must_wait_ = true;
    } else {
      to_send_.push_back(std::move(each.key));
    }
  }
}

// Whether its router brings the write to the other side: it is still under way or, as far as one
// knows who has been away, of this epoch.
bool VnodeSync::comes_by_itself(const OurKey& ours) const {
  if (!shard_.unsettled().is_settled(ours.key, ours.version)) return true;
  return recovers() && ours.version.epoch >= shard_.standing().epoch;
}

void VnodeSync::work_off() {
  if (!to_ask_.empty()) {
    ask_held();
  } else if (!to_fetch_.empty() && brings()) {
    fetch();
  } else if (!to_send_.empty() && brings()) {
    send();
  } else {
    finish_page();
  }
}

// ---- Newer here ----------------------------------------------------------------------

void VnodeSync::ask_held() {
  const size_t count = std::min(to_ask_.size(), kKeysPerFetch);
  std::vector<std::string> keys;
  for (size_t i = 0; i < count; ++i)
    keys.push_back(to_ask_[to_ask_.size() - 1 - i].key);
  peer_->ask(held_command(different_.back(), keys),
             [this, count](const Result<resp::Value>& reply) { on_held(reply, count); });
}

void VnodeSync::on_held(const Result<resp::Value>& reply, size_t count) {
  const auto held = reply.ok() ? read_held(*reply, count) : reply.status();
  Status judged = held.status();
  for (size_t i = 0; held.ok() && judged.ok() && i < count; ++i) {
    judged = judge_ours(to_ask_.back(), (*held)[i]);
    if (judged.ok()) to_ask_.pop_back();
  }
  if (judged.ok()) judged = shard_.commit_copies();
  if (!judged.ok()) {
    on_trouble(judged);
    return;
  }
  work_off();
}

Status VnodeSync::judge_ours(const OurKey& ours, const std::optional<resp::Version>& theirs) {
  if (theirs && *theirs >= ours.version) return Status::okay();
  if (!recovers()) {
    note_difference(ours.key, ours.version, /*here=*/false);
    to_send_.push_back(ours.key);
    return Status::okay();
  }
  must_wait_ = must_wait_ || theirs;  // An older one has come there: for another look.
  return theirs ? Status::okay() : shard_.add_to_batch([&](Store& store) {
    return store.drop({different_.back(), ours.key}, floor_).status();
  });
}

void VnodeSync::send() {
  const topology::Vnode vnode = different_.back();
  RecordCopy record;
  record.key = to_send_.back();
  const auto held = shard_.store().read({vnode, record.key});
  if (!held.ok()) {
    on_trouble(held.status());
    return;
  }
  if (!held->has_value()) {  // Reclaimed meanwhile.
    to_send_.pop_back();
    work_off();
    return;
  }
  record.header = (**held).header;
  record.value = (**held).value;
  // The primary knows what there is, a node that was away does not.
  const std::string role = recovers() ? "S" : "C";
  peer_->ask(write_command(vnode, record, role), [this](const Result<resp::Value>& reply) {
    if (!reply.ok()) {
      on_trouble(reply.status());
      return;
    }
    ++sent_;
    to_send_.pop_back();
    work_off();
  });
}

// ---- Newer there ---------------------------------------------------------------------

void VnodeSync::fetch() {
  const size_t count = std::min(to_fetch_.size(), kKeysPerFetch);
  std::vector<std::string> keys;
  for (size_t i = 0; i < count; ++i)
    keys.push_back(to_fetch_[to_fetch_.size() - 1 - i].key);
  std::vector<std::string> command = {"VFETCH", fmt::to_string(different_.back())};
  command.insert(command.end(), keys.begin(), keys.end());
  peer_->ask(std::move(command),
             [this, keys](const Result<resp::Value>& reply) { on_records(reply, keys); });
}

// Only who has been up since the last floor was raised can have what belongs below it.
void VnodeSync::on_records(const Result<resp::Value>& reply, const std::vector<std::string>& keys) {
  const auto records = reply.ok() ? read_records(*reply, keys) : reply.status();
  Status stored = records.status();
  const Role role = fetches() ? Role::kSecondary : Role::kCopy;
  if (records.ok()) {
    for (const auto& record : *records) {
      if (stored.ok() && record) {
        stored = shard_.add_copy(different_.back(), *record, role);
      }
    }
    if (stored.ok()) stored = shard_.commit_copies();
  }
  if (!stored.ok()) {
    on_trouble(stored);
    return;
  }
  fetched_ += records->size();
  for (const auto& record : *records) {
    // None: reclaimed meanwhile, or overtaken by what is not settled.
    TheirKey& asked = to_fetch_.back();
    if (!record) coming_.emplace(std::move(asked.key), asked.version);
    to_fetch_.pop_back();
  }
  work_off();
}

// ---- The end of a page ---------------------------------------------------------------

// Whether what is doubtful was settled nobody knows: to mend it is all that can be done.
void VnodeSync::note_difference(const std::string& key, const resp::Version& version, bool here) {
  if (both_are_up() && !shard_.is_doubtful(version)) of_page_.push_back({key, here});
}

void VnodeSync::done(topology::Vnode vnode, const std::vector<Difference>& differences) {
  trouble_.clear();
  put_aside_.erase(vnode);
  awaited_.erase(vnode);
  callbacks_.on_vnode_done(vnode, differences);
}

void VnodeSync::finish_page() {
  from_ = next_;
  differences_.insert(differences_.end(), of_page_.begin(), of_page_.end());
  if (from_.empty()) {
    const topology::Vnode vnode = different_.back();
    different_.pop_back();
    const std::vector<Difference> found = std::exchange(differences_, {});
    const bool has_come = has_all_come(vnode, std::exchange(coming_, {}));
    const bool waits = std::exchange(must_wait_, false) || !has_come;
    if (waits || !take_floors({{vnode, first_floor_}}).ok()) {
      later_.push_back(vnode);
    } else {
      done(vnode, found);
    }
  }
  go_on();
}

// Whether this side has, of each key that had something newer on its way here at the first look,
// that or what came later. What a later look finds on its way is under way since then, and nobody
// is told of it before it is here.
bool VnodeSync::has_all_come(topology::Vnode vnode, VersionsByKey coming) {
  if (fetches()) return coming.empty();
  if (!recovers() || !guarded(Guard::kComingAwaited)) return true;
  const auto [awaited, is_first] = awaited_.try_emplace(vnode);
  if (is_first) awaited->second = coming;
  std::erase_if(awaited->second, [&](const auto& entry) {
    const auto& [key, version] = entry;
    if (!coming.contains(key)) return true;  // It ended otherwise, and what is there came here.
    const auto ours = shard_.store().read_header({vnode, key});
    return ours.ok() && ours->has_value() && (**ours).version >= std::min(version, coming[key]);
  });
  return awaited->second.empty();
}

}  // namespace doris::server

#include "server/vnode_sync.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/log.h"
#include "server/key_space.h"
#include "server/shard.h"

namespace doris::server {
namespace {

const Log kLog("recovery");

constexpr size_t kDigestsPerCall = 128;
constexpr size_t kKeysPerPage = 256;
constexpr size_t kKeysPerFetch = 64;
constexpr size_t kScanBytes = 256UL * 1024;
constexpr Millis kRetryPause{100};

}  // namespace

VnodeSync::VnodeSync(net::Loop& loop, Shard& shard, std::unique_ptr<PeerClient> peer,
                     std::vector<topology::Vnode> vnodes, Callbacks callbacks)
    : loop_(loop),
      shard_(shard),
      peer_(std::move(peer)),
      callbacks_(std::move(callbacks)),
      retry_(loop.timer([this] { go_on(); })),
      unknown_(std::move(vnodes)),
      sends_from_(loop.now() + shard.options().request_timeout) {
  retry_->start(Millis{0});
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
  const auto digests = reply.ok() ? read_digests(*reply) : reply.status();
  if (!digests.ok() || digests->size() != count) {
    on_trouble(digests.ok() ? Status::invalid("another number of digests came") : digests.status());
    return;
  }
  trouble_.clear();
  for (const VnodeDigest& theirs : *digests) {
    const topology::Vnode vnode = unknown_.back();
    unknown_.pop_back();
    if (theirs == shard_.store().digest(vnode)) {
      callbacks_.on_vnode_done(vnode);
    } else {
      different_.push_back(vnode);
    }
  }
  go_on();
}

// ---- One vnode, page by page -----------------------------------------------------------

void VnodeSync::read_page() {
  to_fetch_.clear();
  to_send_.clear();
  peer_->ask({"VKEYS", fmt::to_string(different_.back()), from_, fmt::to_string(kKeysPerPage)},
             [this](const Result<resp::Value>& reply) { on_page(reply); });
}

void VnodeSync::on_page(const Result<resp::Value>& reply) {
  const Result<KeyPage> page = reply.ok() ? read_key_page(*reply) : reply.status();
  const Status compared = page.ok() ? find_differences(*page) : page.status();
  if (!compared.ok()) {
    on_trouble(compared);
    return;
  }
  trouble_.clear();
  next_ = page->next;
  work_off();
}

// Walks over what is held here of the page's range, and over the page.
Status VnodeSync::find_differences(const KeyPage& page) {
  std::map<std::string_view, resp::Version> theirs;
  for (const KeyPage::Item& item : page.items)
    theirs.emplace(item.key, item.version);

  std::string from = from_;
  bool in_range = true;
  do {
    const auto next = shard_.store().scan(
        different_.back(), {from, kKeysPerPage, kScanBytes}, Content::kHeaders,
        [&](const KeyRef& key, const RecordView& record) {
          in_range = in_range && (page.next.empty() || position_of(key) <= page.next);
          if (!in_range) return;
          const auto found = theirs.find(key.physical_key);
          const bool there = found != theirs.end();
          const bool ahead = !there || found->second < record.header.version;
          if (ahead && !comes_by_itself(key, record.header.version)) {
            to_send_.emplace_back(key.physical_key);
          }
          if (there && found->second <= record.header.version) theirs.erase(found);
        });
    if (!next.ok()) return next.status();
    from = *next;
  } while (in_range && !from.empty());

  for (const auto& [key, version] : theirs)
    to_fetch_.emplace_back(key);
  if (!to_send_.empty() && loop_.now() < sends_from_) {
    to_send_.clear();
    must_wait_ = true;
  }
  return Status::okay();
}

// Whether its router brings the write to the other side: it is of this epoch, or still under way.
bool VnodeSync::comes_by_itself(const KeyRef& key, const resp::Version& version) const {
  return version.epoch >= shard_.standing().epoch ||
         !shard_.unsettled().is_settled(key.physical_key, version);
}

void VnodeSync::work_off() {
  if (!to_fetch_.empty()) {
    fetch();
  } else if (!to_send_.empty()) {
    send();
  } else {
    finish_page();
  }
}

void VnodeSync::fetch() {
  const size_t count = std::min(to_fetch_.size(), kKeysPerFetch);
  const std::vector<std::string> keys(to_fetch_.end() - static_cast<ptrdiff_t>(count),
                                      to_fetch_.end());
  std::vector<std::string> command = {"VFETCH", fmt::to_string(different_.back())};
  command.insert(command.end(), keys.begin(), keys.end());
  peer_->ask(std::move(command),
             [this, keys](const Result<resp::Value>& reply) { on_records(reply, keys); });
}

void VnodeSync::on_records(const Result<resp::Value>& reply, const std::vector<std::string>& keys) {
  const auto records = reply.ok() ? read_records(*reply, keys) : reply.status();
  Status stored = records.status();
  if (records.ok()) {
    for (const auto& record : *records) {
      if (stored.ok() && record) stored = shard_.add_copy(different_.back(), *record);
    }
    if (stored.ok()) stored = shard_.commit_copies();
  }
  if (!stored.ok()) {
    on_trouble(stored);
    return;
  }
  fetched_ += records->size();
  const auto done = [&](const std::string& key) {
    const auto end = keys.begin() + static_cast<ptrdiff_t>(records->size());
    return std::find(keys.begin(), end, key) != end;
  };
  std::erase_if(to_fetch_, done);
  work_off();
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
  peer_->ask(write_command(vnode, record), [this](const Result<resp::Value>& reply) {
    if (!reply.ok()) {
      on_trouble(reply.status());
      return;
    }
    ++sent_;
    to_send_.pop_back();
    work_off();
  });
}

void VnodeSync::finish_page() {
  from_ = next_;
  if (from_.empty()) {
    const topology::Vnode vnode = different_.back();
    different_.pop_back();
    if (std::exchange(must_wait_, false)) {
      later_.push_back(vnode);
    } else {
      callbacks_.on_vnode_done(vnode);
    }
  }
  go_on();
}

}  // namespace doris::server

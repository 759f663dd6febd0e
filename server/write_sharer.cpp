#include "server/write_sharer.h"

#include <fmt/format.h>

#include <utility>

#include "base/guard.h"
#include "base/log.h"
#include "server/peer_dialect.h"
#include "server/shard.h"

namespace doris::server {
namespace {

const Log kLog("sharer");

using topology::SecondCopy;

// Most writes are settled within a round trip or two.
constexpr Millis kPatience{50};

// On their way at once. What is not taken will be asked for again.
constexpr size_t kKeysMax = 32;
constexpr size_t kBytesMax = 64UL * 1024 * 1024;

}  // namespace

WriteSharer::WriteSharer(net::Loop& loop, Random& random, Shard& shard, const Standing& standing)
    : loop_(loop),
      shard_(shard),
      standing_(standing),
      clients_(loop, random, standing_, shard.options().name) {}

bool WriteSharer::want(const KeyRef& key, const resp::Version& version) {
  if (standing_.table->primary(key.vnode) != standing_.group) return false;
  const TimePoint now = loop_.now();
  const auto [since, is_new] =
      wanted_since_.try_emplace(resp::write_id(key.physical_key, version), now);
  if (is_new || now - since->second < kPatience) return false;
  since->second = now;  // And again, if this comes to nothing.
  due_.push_back({key.vnode, std::string(key.physical_key)});
  return true;
}

void WriteSharer::share_due() {
  if (due_.empty()) return;
  std::set<std::string> keys;
  for (const Due& due : due_)
    keys.insert(due.key);
  const auto notices = shard_.unsettled().notices(keys);
  for (const Due& due : std::exchange(due_, {})) {
    const bool has_room = under_way_.size() < kKeysMax && bytes_under_way_ < kBytesMax;
    const auto found = notices.find(due.key);
    const bool is_unsettled = found != notices.end();
    if (has_room && is_unsettled && !under_way_.contains(due.key)) share(due, found->second);
  }
}

void WriteSharer::share(const Due& due, const std::vector<UnsettledWrites::Notice>& notices) {
  const SecondCopy second = standing_.table->second_copy(due.vnode);
  if (second.kind == SecondCopy::Kind::kNowhere) return;
  const auto held = shard_.store().read({due.vnode, due.key});
  if (!held.ok() || !held->has_value()) return;
  const RecordCopy record{due.key, (**held).header, std::string((**held).value)};
  // Who keeps an update log is never asked what was done: he is not the primary of its vnodes.
  const bool logged = second.kind == SecondCopy::Kind::kLog;
  const auto named =
      guarded(Guard::kSharesNamed) ? notices : std::vector<UnsettledWrites::Notice>{};
  under_way_.insert(due.key);
  bytes_under_way_ += record.value.size();
  clients_.at(second.where)
      .ask(logged ? write_command(due.vnode, record, fmt::format("L{}", second.target))
                  : share_command(due.vnode, record, named),
           [this, key = due.key, bytes = record.value.size(),
            notices](const Result<resp::Value>& reply) {
             bytes_under_way_ -= bytes;
             on_answer(key, notices, reply.status());
           });
}

void WriteSharer::on_answer(const std::string& key,
                            const std::vector<UnsettledWrites::Notice>& notices,
                            const Status& outcome) {
  under_way_.erase(key);
  if (outcome.ok()) {
    shard_.unsettled().share(key, notices);
    shard_.stats().shared.add();
    trouble_.clear();
  } else if (trouble_ != outcome.message()) {  // It is tried again and again.
    trouble_ = outcome.message();
    kLog.info("{}: a write that somebody waits for is not shared: {}", shard_.options().name,
              trouble_);
  }
}

void WriteSharer::tidy() {
  std::erase_if(wanted_since_, [this](const auto& entry) {
    return shard_.unsettled().find(entry.first) == nullptr;
  });
}

}  // namespace doris::server

#include "server/log_drain.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "server/shard.h"

namespace doris::server {
namespace {

const Log kLog("recovery");

constexpr size_t kPageEntries = 256;
constexpr uint32_t kAttempts = 3;
constexpr Millis kRetryPause{100};

}  // namespace

LogDrain::LogDrain(net::Loop& loop, Shard& shard, std::unique_ptr<PeerClient> keeper, Source source,
                   std::function<void()> on_done)
    : shard_(shard),
      keeper_(std::move(keeper)),
      source_(std::move(source)),
      on_done_(std::move(on_done)),
      retry_(loop.timer([this] { read_page(); })) {
  read_page();
}

void LogDrain::read_page() {
  keeper_->ask({"VLOGREAD", fmt::to_string(source_.target), fmt::to_string(source_.shards),
                fmt::to_string(source_.shard), from_, fmt::to_string(kPageEntries)},
               [this](const Result<resp::Value>& reply) { on_page(reply); });
}

void LogDrain::on_page(const Result<resp::Value>& reply) {
  const Result<LogPage> page = reply.ok() ? read_log_page(*reply) : reply.status();
  const Status stored = page.ok() ? store(*page) : page.status();
  if (!stored.ok()) {
    on_trouble(stored);
    return;
  }
  failures_ = 0;
  if (source_.shares == nullptr) drop(*page);
  from_ = page->next;
  if (from_.empty()) {
    on_done_();
  } else {
    read_page();
  }
}

Status LogDrain::store(const LogPage& page) {
  for (const LogPage::Item& item : page.items) {
    const bool is_ours = source_.shares == nullptr || source_.shares(item.vnode);
    if (is_ours) DORIS_RETURN_IF_ERROR(shard_.add_copy(item.vnode, item.record));
  }
  return shard_.commit_copies();
}

// Nobody waits for the answers: what is not dropped now is dropped when this node is up.
void LogDrain::drop(const LogPage& page) {
  for (const LogPage::Item& item : page.items) {
    keeper_->ask(drop_command(source_.target, item), [](const Result<resp::Value>&) {});
  }
}

void LogDrain::on_trouble(const Status& why) {
  ++failures_;
  if (failures_ == kAttempts && source_.is_needed) {
    kLog.warning("{}: waits for the update log at {}, since nobody else may have what is in it: {}",
                 shard_.options().name, keeper_->address().text(), why.message());
  }
  if (failures_ < kAttempts || source_.is_needed) {
    retry_->start(kRetryPause);
    return;
  }
  kLog.info("{}: the update log at {} is left, a comparison will do: {}", shard_.options().name,
            keeper_->address().text(), why.message());
  on_done_();
}

}  // namespace doris::server

#include "server/shard.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"
#include "server/shard_session.h"

namespace doris::server {
namespace {

const Log kLog("shard");

constexpr size_t kSessionsMax = 4096;
constexpr Millis kPublishEvery{200};

}  // namespace

Shard::Shard(net::Loop& loop, const Clock& clock, ShardHost& host, std::unique_ptr<Store> store,
             Options options)
    : loop_(loop),
      clock_(clock),
      host_(host),
      options_(std::move(options)),
      store_(std::move(store)),
      ticker_(loop.timer([this] { publish(); })) {
  standing_.not_ready = "the node is starting";
  publish();
  ticker_->start(kPublishEvery, kPublishEvery);
}

Shard::~Shard() {
  loop_.cancel(*this);
  listener_.reset();
  if (!members_.empty()) store_->abort();  // Nobody was told that it was kept.
}

Status Shard::listen(const net::Address& address) {
  Result<std::unique_ptr<net::Listener>> listener =
      loop_.listen(address, [this](auto accepted) { on_accept(std::move(accepted)); });
  if (!listener.ok()) return listener.status().prefixed(options_.name);
  listener_ = std::move(*listener);
  return Status::okay();
}

// ---- Sessions ------------------------------------------------------------------------

void Shard::on_accept(std::unique_ptr<net::Accepted> accepted) {
  Result<std::unique_ptr<net::Stream>> stream = loop_.adopt(std::move(accepted));
  if (!stream.ok()) {
    kLog.warning("{}: a connection was lost on its way in: {}", options_.name,
                 stream.status().message());
    return;
  }
  if (sessions_.size() >= kSessionsMax) {
    resp::refuse_connection(std::move(*stream));
    return;
  }
  const uint64_t id = next_session_++;
  auto session = std::make_unique<ShardSession>(std::move(*stream), *this, id);
  ShardSession& started = *session;
  sessions_.emplace(id, std::move(session));
  stats_.sessions.add();
  started.start();
}

void Shard::on_session_ended(ShardSession& session) {
  std::erase(members_, &session);
  const auto found = sessions_.find(session.id());
  if (found == sessions_.end()) return;
  ended_.push_back(std::move(found->second));
  sessions_.erase(found);
  stats_.sessions.add(-1);
  loop_.schedule(*this);
}

void Shard::with_session(uint64_t id, const std::function<void(ShardSession&)>& then) {
  const auto found = sessions_.find(id);
  if (found != sessions_.end()) then(*found->second);
}

void Shard::fence(ShardSession& session, uint32_t writer) {
  for (const auto& [id, other] : sessions_) {
    if (other.get() == &session || other->writer() != writer) continue;
    kLog.info("{}: writer {} has a new connection; {} is closed", options_.name, writer,
              other->peer());
    other->close();  // Changes sessions_; there is at most one.
    return;
  }
}

uint64_t Shard::clock_seen() const {
  return std::max(clock_seen_, static_cast<uint64_t>(std::max<int64_t>(now_ms(), 0)) << 16);
}

// Counts what is too dear to count at every commit.
void Shard::publish() {
  uint64_t keys = 0;
  for (const uint64_t count : store_->live_keys()) keys += count;
  stats_.live_keys.set(static_cast<int64_t>(keys));
  stats_.offline.set(store_->offline() ? 1 : 0);
}

// ---- Group commit --------------------------------------------------------------------

std::string Shard::refusal_of_writes() const {
  if (!running_again_.empty()) return running_again_;
  if (!batch_error_.ok()) return refusal(batch_error_);  // The batch is lost already.
  if (host_.writes_allowed()) return "";
  return fmt::format("DISKFULL {}: the disk is too full for writes (disk-free-min)", options_.name);
}

void Shard::join_batch(ShardSession& session) {
  if (!session.join_batch()) return;
  members_.push_back(&session);
  loop_.schedule(*this);
}

void Shard::fail_batch(const Status& why) {
  if (batch_error_.ok()) batch_error_ = why;
  store_->abort();
}

void Shard::commit_if_full() {
  const bool full =
      store_->batch_writes() >= kBatchWritesMax || store_->batch_bytes() >= kBatchBytesMax;
  if (full && batch_error_.ok()) commit();
}

void Shard::on_pass_end() {
  if (!members_.empty() && batch_error_.ok()) commit();
  if (!batch_error_.ok()) run_again(batch_error_);
  ended_.clear();
}

void Shard::commit() {
  const bool had_writes = store_->batch_writes() > 0;
  if (const Status committed = store_->commit(); !committed.ok()) {
    batch_error_ = committed;
    return;  // The end of the pass runs it again.
  }
  if (had_writes) stats_.commits.add();
  for (ShardSession* member : members_) member->leave_batch();
  members_.clear();
}

// Takes back every reply that depended on the batch and runs its commands once more, with
// writes refused: reads are answered from what is committed.
void Shard::run_again(const Status& why) {
  kLog.error("{}: a batch was not committed, its writes are refused: {}", options_.name,
             why.message());
  stats_.failed_batches.add();
  running_again_ = refusal(why);
  batch_error_ = Status::okay();
  std::vector<ShardSession*> members;
  members.swap(members_);
  for (ShardSession* member : members) {
    const bool alive = std::any_of(sessions_.begin(), sessions_.end(),
                                   [&](const auto& entry) { return entry.second.get() == member; });
    if (alive) member->run_batch_again();
  }
  running_again_.clear();
}

std::string Shard::refusal(const Status& why) const {
  if (store_->offline() || why.code() == Code::kCorrupt) {
    return fmt::format("SHARDDOWN {}: {}", options_.name, why.message());
  }
  if (why.code() == Code::kNoSpace) {
    return fmt::format("DISKFULL {}: {}", options_.name, why.message());
  }
  return fmt::format("IOERR {}: {}", options_.name, why.message());
}

}  // namespace doris::server

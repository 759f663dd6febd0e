#include "server/shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/guard.h"
#include "base/limits.h"
#include "base/log.h"
#include "server/orphan_settler.h"
#include "server/recovery.h"
#include "server/shard_session.h"
#include "server/verification.h"
#include "server/write_sharer.h"

namespace doris::server {
namespace {

const Log kLog("shard");

constexpr Millis kTick{200};
constexpr Millis kDoubt{60'000};  // Longer than any write was under way, and clocks are apart.

}  // namespace

Shard::Shard(net::Loop& loop, const Clock& clock, ShardHost& host, std::unique_ptr<Store> store,
             Options options)
    : loop_(loop),
      clock_(clock),
      host_(host),
      options_(std::move(options)),
      store_(std::move(store)),
      ticker_(loop.timer([this] { on_tick(); })),
      started_ms_(clock.wall_ms()),
      random_(options_.seed) {
  standing_.not_ready = "the node is starting";
  log_gauges_.look(*store_, nullptr, loop.now());
  publish();
  ticker_->start(kTick, kTick);
}

Shard::~Shard() {
  loop_.cancel(*this);
  if (batch_open_) store_->abort();  // Nobody was told that it was kept.
}

Status Shard::listen(const net::Address& address) {
  Result<std::unique_ptr<net::Listener>> listener =
      loop_.listen(address, [this](auto accepted) { on_accept(std::move(accepted)); });
  if (!listener.ok()) return listener.status().prefixed(options_.name);
  listener_ = std::move(*listener);
  return Status::okay();
}

void Shard::stop() {
  listener_.reset();
  ticker_->stop();
  verification_.reset();
  anti_entropy_.reset();
  recovery_.reset();
  sharer_.reset();
  settler_.reset();
  commit_now();
  while (!sessions_.empty())
    sessions_.begin()->second->close();  // Which takes it out.
}

void Shard::set_standing(Standing standing) {
  commit_now();
  if (standing == standing_) return;  // What goes on beside requests need not begin again.
  anti_entropy_.reset();
  recovery_.reset();
  sharer_.reset();
  settler_.reset();
  note_epoch(standing.epoch);
  const bool recovered_before = standing_.ready() && standing_.recovering();
  standing_ = std::move(standing);
  const bool recovers = standing_.ready() && standing_.recovering();
  on_recovery_progress(0, 0);
  // What came before is compared with the other copies before anybody may read it.
  if (recovers && !recovered_before) unsettled_.clear();
  if (standing_.ready() && !std::exchange(was_ready_, true) && !recovers) {
    doubt_to_ = static_cast<uint64_t>(std::max<int64_t>(started_ms_, 0)) << 16;
    doubt_from_ = doubt_to_ - std::min(doubt_to_, static_cast<uint64_t>(kDoubt.count()) << 16);
  }
  has_been_up_ = has_been_up_ || (standing_.ready() && standing_.is_up());
  if (verification_ != nullptr) verification_->go_on(standing_);
  if (standing_.ready() && standing_.owns()) start_beside_requests();
}

// Of those after which nothing comes anew the last one will do.
void Shard::note_epoch(topology::Epoch epoch) {
  heard_at_.try_emplace(epoch, loop_.now());
  while (heard_at_.size() > 1 &&
         std::next(heard_at_.begin())->second + proposal_time() <= loop_.now())
    heard_at_.erase(heard_at_.begin());
}

// A second copy may come an epoch late. In the present one it would be known as unsettled.
bool Shard::may_come_anew(const resp::Version& version) const {
  auto later = heard_at_.upper_bound(version.epoch + 1);
  if (later == heard_at_.end()) later = heard_at_.upper_bound(version.epoch);
  return later == heard_at_.end() || loop_.now() < later->second + proposal_time();
}

void Shard::start_beside_requests() {
  settler_ = std::make_unique<OrphanSettler>(loop_, random_, *this, standing_);
  sharer_ = std::make_unique<WriteSharer>(loop_, random_, *this, standing_);
  if (standing_.recovering()) {
    recovery_ = std::make_unique<Recovery>(loop_, random_, *this, standing_);
  } else if (options_.anti_entropy.interval.count() > 0) {
    anti_entropy_ = std::make_unique<AntiEntropy>(loop_, random_, *this, standing_,
                                                  options_.anti_entropy, anti_entropy_round_);
  }
}

void Shard::verify(uint64_t id, bool repairs) {
  if (verification_ != nullptr && verification_->id() == id) return;
  verification_.reset();
  if (id == 0) return;
  verification_ = std::make_unique<Verification>(loop_, random_, *this, id, repairs);
  verification_->go_on(standing_);
}

Result<std::optional<RecordView>> Shard::inspect(const KeyRef& key) {
  commit_now();
  return store_->read(key);
}

// ---- Sessions ------------------------------------------------------------------------

void Shard::on_accept(std::unique_ptr<net::Accepted> accepted) {
  Result<std::unique_ptr<net::Stream>> stream = loop_.adopt(std::move(accepted));
  if (!stream.ok()) {
    kLog.warning("{}: a connection was lost on its way in: {}", options_.name,
                 stream.status().message());
    return;
  }
  if (sessions_.size() >= options_.sessions_max) {
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
  if (session.writer() != 0) unsettled_.on_unlinked(session.writer(), loop_.now());
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

void Shard::fence(const ShardSession& session, uint32_t writer) {
  if (!guarded(Guard::kOlderLinksClosed)) return;
  for (const auto& [id, other] : sessions_) {
    if (other.get() == &session || other->writer() != writer) continue;
    kLog.info("{}: writer {} has a new connection; {} is closed", options_.name, writer,
              other->peer());
    other->close();  // Changes sessions_; but there is at most one.
    return;
  }
}

uint64_t Shard::clock_seen() {
  return std::max(clock_seen_, static_cast<uint64_t>(std::max<int64_t>(now_ms(), 0)) << 16);
}

int64_t Shard::now_ms() {
  if (!now_ms_) {
    now_ms_ = clock_.wall_ms();
    loop_.schedule(*this);  // The end of the pass forgets it.
  }
  return *now_ms_;
}

void Shard::want_settled(const KeyRef& key, const resp::Version& version) {
  if (sharer_ != nullptr && sharer_->want(key, version)) loop_.schedule(*this);
}

bool Shard::orders(topology::Vnode vnode) const {
  const topology::RoutingTable& table = *standing_.table;
  return table.primary(vnode) == standing_.group && table.served(vnode);
}

// The primary knows what it has done, whoever brings it something newer.
void Shard::overtake(const KeyRef& key, const resp::Version& version, const resp::Version& before) {
  if (!orders(key.vnode)) unsettled_.overtake(key, version, before);
}

// ---- Refusals ------------------------------------------------------------------------

const std::string& Shard::refusal_of_all() {
  if (offline_.empty() && store_->offline()) {
    (void)refusal(Status::corrupt("its files could not be synced or are damaged"));
  }
  return offline_;
}

bool Shard::is_log_full(topology::NodeId target) const {
  return store_->log_stats(target).bytes >= options_.update_log_bytes_max;
}

std::string Shard::refusal_of_writes() {
  if (!running_again_.empty()) return running_again_;
  if (!batch_error_.ok()) return refusal(batch_error_);  // The batch is lost already.
  if (host_.writes_allowed()) return "";
  return fmt::format("DISKFULL {}: the disk is too full for writes (disk-free-min)", options_.name);
}

std::string Shard::refusal_of_log_write(topology::NodeId target, const KeyRef& key,
                                        const Write& write) {
  if (std::string refused = refusal_of_writes(); !refused.empty() || !is_log_full(target)) {
    return refused;
  }
  const Result<bool> grows = store_->log_grows(target, key, write);
  if (!grows.ok()) return refusal(grows.status());
  if (!*grows) return "";
  return fmt::format("UPDATELOGFULL {}: the update log for node {} has reached update-log-max-size",
                     options_.name, target);
}

std::string Shard::refusal(const Status& why) {
  if (offline_.empty()) {
    if (why.code() == Code::kUnavailable) return why.message();  // Of add_to_batch().
    if (why.code() == Code::kNoSpace && !store_->offline()) {
      return fmt::format("DISKFULL {}: {}", options_.name, why.message());
    }
    offline_ = fmt::format("SHARDDOWN {}: {}", options_.name, why.message());
    stats_.offline.set(1);
    kLog.error("{}: offline: {}", options_.name, why.message());
  }
  return offline_;
}

// ---- Group commit --------------------------------------------------------------------

void Shard::join_batch(ShardSession& session) {
  batch_open_ = true;
  loop_.schedule(*this);
  if (session.join_batch()) members_.push_back(&session);
}

void Shard::fail_batch(const Status& why) {
  if (batch_error_.ok()) batch_error_ = why;
  store_->abort();
}

void Shard::commit_now() {
  if (batch_open_ && batch_error_.ok()) commit();
}

void Shard::commit_if_full() {
  const bool full =
      store_->batch_writes() >= kBatchWritesMax || store_->batch_bytes() >= kBatchBytesMax;
  if (full) commit_now();
}

void Shard::on_pass_end() {
  commit_now();
  if (!batch_error_.ok()) run_again();
  if (std::exchange(settles_soon_, false)) settle_orphans();
  if (sharer_ != nullptr) sharer_->share_due();
  ended_.clear();
  now_ms_.reset();
}

void Shard::commit() {
  const bool had_writes = store_->batch_writes() > 0;
  if (const Status committed = store_->commit(); !committed.ok()) {
    batch_error_ = committed;
    return;  // The end of the pass runs it again.
  }
  if (had_writes) stats_.commits.add();
  unsettled_.keep_batch();
  for (ShardSession* member : leave())
    member->leave_batch();
}

const std::vector<ShardSession*>& Shard::leave() {
  batch_open_ = false;
  leaving_.clear();
  leaving_.swap(members_);
  return leaving_;
}

// Takes back every reply that depended on the batch and runs its commands once more, with
// writes refused: reads are answered from what is committed.
void Shard::run_again() {
  const Status why = std::exchange(batch_error_, Status::okay());
  kLog.error("{}: a batch was not committed, its writes are refused: {}", options_.name,
             why.message());
  stats_.failed_batches.add();
  unsettled_.drop_batch();
  running_again_ = refusal(why);
  for (ShardSession* member : leave())
    member->run_batch_again();
  running_again_.clear();
}

}  // namespace doris::server

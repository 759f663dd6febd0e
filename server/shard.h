// Shard: one thread's share of a data server: a store, and the router connections that
// speak to it.
//
//   on_command --write--> store's open batch --+   (first one of a session: it is marked)
//   on_command --read---> answer --------------+--> pass ends: commit --> replies leave
//                                                     |
//                                                     +-- failed: rewind the marked sessions,
//                                                         run their commands again with writes
//                                                         refused
//
// One pass of the loop is one transaction: what arrived together commits together, and no
// reply leaves before the commit it depends on, a read's included.
//
// A store that fails for another reason than a full disk takes the shard offline: from then
// on every command on data is answered with -SHARDDOWN, until the process restarts.
//
// Loop thread only.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/net/loop.h"
#include "base/random.h"
#include "resp/request_parser.h"
#include "resp/value.h"
#include "resp/write_id.h"
#include "server/anti_entropy.h"
#include "server/log_gauges.h"
#include "server/shard_report.h"
#include "server/shard_stats.h"
#include "server/standing.h"
#include "server/store.h"
#include "server/unsettled_writes.h"

namespace doris::server {

class OrphanSettler;
class Recovery;
class ShardSession;
class Verification;
class WriteSharer;
struct RecordCopy;

// What a shard needs of its node. Any thread.
class ShardHost {
 public:
  using AdoptCallback = std::function<void(const resp::Value& reply)>;
  virtual ~ShardHost() = default;

  // Takes over a topology that a router brought. `done` runs once, on the control thread,
  // with the reply to DORIS.ADOPT: an error, or OK when every shard has the topology.
  virtual void adopt_topology(std::string text, AdoptCallback done) = 0;

  // False while the disk is too full for writes.
  [[nodiscard]] virtual bool writes_allowed() const = 0;

  // How shard `index` gets on, a few times a second.
  virtual void take_report(uint8_t index, ShardReport report) = 0;
};

class Shard final : private net::PassTask {
 public:
  struct Options {
    uint8_t index = 0;
    resp::RequestLimits limits{};
    std::string name;                            // "a1/0", for logs and errors.
    size_t sessions_max = 4096;                  // More connections are told so and closed.
    uint64_t update_log_bytes_max = UINT64_MAX;  // For one target; above it writes are refused.
    size_t effect_bytes_max = 256UL << 20;       // Of updates that are not settled; more wait.
    Millis request_timeout{5000};                // See may_come_anew().
    AntiEntropy::Options anti_entropy{};         // An interval of 0: none.
    uint64_t seed = 1;                           // Of the jitter of its own connections.
    uint64_t incarnation = 0;                    // Of the process, to routers.
  };

  // References outlive this.
  Shard(net::Loop& loop, const Clock& clock, ShardHost& host, std::unique_ptr<Store> store,
        Options options);
  ~Shard() override;

  // kExists: the port is in use.
  Status listen(const net::Address& address);

  // Stops listening, finishes the open batch and closes all connections. The host is not
  // asked for anything after that.
  void stop();

  // What the open batch holds was accepted under the standing before, and is committed first.
  // If the node recovers, the shard's part of that starts.
  void set_standing(Standing standing);

  // Begins to compare all vnodes with their other replicas, and to mend them if it `repairs`; what
  // another `id` has begun ends. 0 ends it only.
  void verify(uint64_t id, bool repairs);

  // The record of one key, if there is one, for DORIS.RECORD. Committed data only.
  Result<std::optional<RecordView>> inspect(const KeyRef& key);

  [[nodiscard]] const ShardStats& counters() const { return stats_; }  // Any thread.

  // ---- For the sessions ----

  [[nodiscard]] const Standing& standing() const { return standing_; }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] ShardHost& host() { return host_; }
  [[nodiscard]] ShardStats& stats() { return stats_; }
  [[nodiscard]] net::Loop& loop() { return loop_; }

  // Unix time, the same all through a pass.
  [[nodiscard]] int64_t now_ms();

  // Why the shard serves nothing, as an error reply; empty if it does.
  [[nodiscard]] const std::string& refusal_of_all();

  // Why writes are refused just now, as an error reply; empty if they are not.
  [[nodiscard]] std::string refusal_of_writes();

  // The same of a write to the update log for `target`: a full one takes what makes it no larger.
  [[nodiscard]] std::string refusal_of_log_write(topology::NodeId target, const KeyRef& key,
                                                 const Write& write);

  // The error reply for what the store has answered. May take the shard offline.
  [[nodiscard]] std::string refusal(const Status& why);

  // The session's next replies wait for the commit of the open batch (or of the one that
  // its write is about to open).
  void join_batch(ShardSession& session);
  [[nodiscard]] bool batch_open() const { return batch_open_; }

  // A write could not be added to the batch: nothing of the batch will be kept.
  void fail_batch(const Status& why);

  // Commits the open batch, if any, before the pass is over. If that fails, the sessions in
  // it stay marked and their commands run again at the end of the pass.
  void commit_now();
  void commit_if_full();

  // `session` speaks for `writer` from now on: an older session of the same writer ends.
  void fence(const ShardSession& session, uint32_t writer);

  // The highest hybrid logical clock that this shard knows of.
  [[nodiscard]] uint64_t clock_seen();
  void see_clock(uint64_t hlc) { clock_seen_ = std::max(clock_seen_, hlc); }

  // Calls `then` with the session, if it has not ended.
  void with_session(uint64_t id, const std::function<void(ShardSession&)>& then);
  void on_session_ended(ShardSession& session);

  // Whether a record in this version may be one that the other copy lacks, and nobody knows: it was
  // written just before this process began, which was not compared with the others before it was
  // let in. That happens when all have died at once.
  [[nodiscard]] bool is_doubtful(const resp::Version& version) const {
    return version.hlc >= doubt_from_ && version.hlc < doubt_to_;
  }

  // So long after the first time, at most, may a write reach some server that its router proposes
  // anew: in time, that is, and then it may take as long as a request may.
  [[nodiscard]] Millis proposal_time() const {
    return std::max(options_.request_timeout, resp::kOrphanGrace);
  }

  // Whether a router may yet propose anew what is here in this version, of an earlier epoch. It had
  // proposed it before this node heard of a later one: after that, it would have been refused.
  [[nodiscard]] bool may_come_anew(const resp::Version& version) const;

  // Whether this process has been up: what the shard had then it has, and more.
  [[nodiscard]] bool has_been_up() const { return has_been_up_; }

  // What is for the shard itself to settle is begun at the end of the pass, not with the next tick.
  void settle_soon() { settles_soon_ = true; }

  // Somebody waits for what `key` has in this version, which is not settled, and will ask again.
  void want_settled(const KeyRef& key, const resp::Version& version);

  [[nodiscard]] UnsettledWrites& unsettled() { return unsettled_; }

  // Whether this is the primary replica of a vnode that it holds, which gives its writes their
  // order.
  [[nodiscard]] bool orders(topology::Vnode vnode) const;

  // UnsettledWrites::overtake(), where that is for this replica to do.
  void overtake(const KeyRef& key, const resp::Version& version, const resp::Version& before);
  [[nodiscard]] LogGauges& log_gauges() { return log_gauges_; }

  // ---- For what goes on beside requests ----

  // Has `change` change the store, in the open batch; commit_copies() makes it durable, or says why
  // not. An error when writes are refused, or of the store.
  Status add_to_batch(const std::function<Status(Store&)>& change);
  Status commit_copies();

  // Stores a record of another server, put-if-newer, likewise.
  Status add_copy(topology::Vnode vnode, const RecordCopy& record, Role role = Role::kSecondary);

  // `recovered` is the epoch in which this shard has become complete; 0: not yet.
  void on_recovery_progress(uint32_t vnodes_left, topology::Epoch recovered);

 private:
  void on_accept(std::unique_ptr<net::Accepted> accepted);
  void on_pass_end() override;
  void on_tick();
  void publish();
  [[nodiscard]] ShardReport report();
  [[nodiscard]] bool is_log_full(topology::NodeId target) const;
  void note_epoch(topology::Epoch epoch);
  void start_beside_requests();
  void close_silent_links();
  void clear_stale_logs();
  void settle_orphans();
  void commit();
  void run_again();

  // Takes the members out of the batch, which is over. Those that end meanwhile live on, in
  // ended_, until the pass is over.
  const std::vector<ShardSession*>& leave();

  net::Loop& loop_;
  const Clock& clock_;
  ShardHost& host_;
  const Options options_;
  const std::unique_ptr<Store> store_;
  ShardStats stats_;
  Standing standing_;
  std::unique_ptr<net::Timer> ticker_;
  std::unique_ptr<net::Listener> listener_;
  uint64_t next_session_ = 1;
  uint64_t clock_seen_ = 0;
  const int64_t started_ms_;
  std::map<topology::Epoch, TimePoint> heard_at_;  // Of the last epochs.
  bool was_ready_ = false;
  bool has_been_up_ = false;
  uint64_t doubt_from_ = 0;  // See is_doubtful(); empty at first.
  uint64_t doubt_to_ = 0;
  Random random_;
  UnsettledWrites unsettled_;
  LogGauges log_gauges_;
  bool settles_soon_ = false;
  std::unique_ptr<OrphanSettler> settler_;     // While the node is ready.
  std::unique_ptr<WriteSharer> sharer_;        // The same.
  std::unique_ptr<Recovery> recovery_;         // While the node recovers.
  std::unique_ptr<AntiEntropy> anti_entropy_;  // While the node is up.
  AntiEntropy::Round anti_entropy_round_;
  std::unique_ptr<Verification> verification_;  // The last one that was asked for.

  std::unordered_map<uint64_t, std::unique_ptr<ShardSession>> sessions_;
  std::vector<std::unique_ptr<ShardSession>> ended_;  // Destroyed at the end of the pass.

  // The open batch. Invariants: a session is in members_ iff it is marked; members_ is empty
  // unless batch_open_; batch_open_ ends with the pass. A batch may outlive its members.
  bool batch_open_ = false;
  Status batch_error_;  // Why it will not be kept.
  std::vector<ShardSession*> members_;
  std::vector<ShardSession*> leaving_;  // Members of the batch that is over; see leave().

  std::string running_again_;      // The error for writes while a failed batch is run again.
  std::string offline_;            // The error for everything once the store has failed.
  std::optional<int64_t> now_ms_;  // Read when first asked for in a pass.
};

}  // namespace doris::server

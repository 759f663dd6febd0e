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
// Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/net/loop.h"
#include "resp/request_parser.h"
#include "server/shard_stats.h"
#include "server/standing.h"
#include "server/store.h"

namespace doris::server {

class ShardSession;

// What a shard needs of its node. Any thread.
class ShardHost {
 public:
  using AdoptCallback = std::function<void(const Status&)>;
  virtual ~ShardHost() = default;

  // Takes over a topology that a router brought. `done` runs on the control thread when
  // every shard has it. kInvalid: not a topology of this cluster, or an older one.
  virtual void adopt_topology(std::string text, AdoptCallback done) = 0;

  // False while the disk is too full for writes.
  [[nodiscard]] virtual bool writes_allowed() const = 0;
};

class Shard final : private net::PassTask {
 public:
  struct Options {
    uint8_t index = 0;
    resp::RequestLimits limits{};
    std::string name;  // "a1/0", for logs and errors.
  };

  // References outlive this.
  Shard(net::Loop& loop, const Clock& clock, ShardHost& host, std::unique_ptr<Store> store,
        Options options);
  ~Shard() override;

  // kExists: the port is in use.
  Status listen(const net::Address& address);

  void set_standing(Standing standing) { standing_ = std::move(standing); }

  // DORIS.RECORD's answer for one key: the record, if there is one. May be called between
  // passes only, so it sees committed data.
  Result<std::optional<RecordView>> inspect(const KeyRef& key) { return store_->read(key); }

  [[nodiscard]] const ShardStats& counters() const { return stats_; }  // Any thread.

  // ---- For the sessions ----

  [[nodiscard]] const Standing& standing() const { return standing_; }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] ShardHost& host() { return host_; }
  [[nodiscard]] ShardStats& stats() { return stats_; }
  [[nodiscard]] net::Loop& loop() { return loop_; }
  [[nodiscard]] int64_t now_ms() const { return clock_.wall_ms(); }

  // Why writes are refused just now, as an error reply; empty if they are not.
  [[nodiscard]] std::string refusal_of_writes() const;

  // The error reply for a status of the store.
  [[nodiscard]] std::string refusal(const Status& why) const;

  // The session's next replies wait for the commit of the open batch (or of the one that
  // its write is about to open).
  void join_batch(ShardSession& session);
  [[nodiscard]] bool batch_open() const { return !members_.empty(); }
  // A write could not be added to the batch: nothing of the batch will be kept.
  void fail_batch(const Status& why);
  // Commits now if the batch is large.
  void commit_if_full();

  // `session` speaks for `writer` from now on: an older session of the same writer ends.
  void fence(ShardSession& session, uint32_t writer);

  // The highest hybrid logical clock that this shard knows of.
  [[nodiscard]] uint64_t clock_seen() const;
  void see_clock(uint64_t hlc) { clock_seen_ = std::max(clock_seen_, hlc); }

  // Calls `then` with the session, if it has not ended.
  void with_session(uint64_t id, const std::function<void(ShardSession&)>& then);
  void on_session_ended(ShardSession& session);

 private:
  void on_accept(std::unique_ptr<net::Accepted> accepted);
  void on_pass_end() override;
  void publish();
  void commit();
  void run_again(const Status& why);

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

  std::unordered_map<uint64_t, std::unique_ptr<ShardSession>> sessions_;
  std::vector<std::unique_ptr<ShardSession>> ended_;  // Destroyed at the end of the pass.

  // The open batch: the sessions whose replies depend on it, each marked.
  std::vector<ShardSession*> members_;
  Status batch_error_;         // Why it will not be kept.
  std::string running_again_;  // The error for writes while a failed batch is run again.
};

}  // namespace doris::server

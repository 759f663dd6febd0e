// Node: the wiring of doris-server. Owns the control thread's side: the data directory, the
// control port, the link to the admin, and the shards' threads.
//
//   admin --topology--> TopologyFeed --+
//   admin --ADOPT-----> control port --+--> persist --> every shard --> done
//   router --ADOPT----> shard port ----+    (epoch on the disk before anybody acts on it)
//
// A node serves only when its standing is confirmed: after a restart its own memory of the
// topology may be old, so it waits until it has registered, or whoever it is has brought a newer
// epoch in which the node is not `up`. One in which it is may be of before the restart, and the
// node may have lost since what it had (an older disk, a second that was not synced): then the
// admin has it compared with the other copies first. A node that belongs to no cluster yet listens
// to the admin alone.
//
// Every member function runs on the control thread, except where ShardHost says otherwise.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/net/loop_host.h"
#include "base/net/postbox.h"
#include "base/topology/key_hash.h"
#include "resp/topology_feed.h"
#include "resp/value.h"
#include "server/data_dir.h"
#include "server/settings.h"
#include "server/shard.h"
#include "server/shard_watch.h"
#include "server/stores.h"

namespace doris::server {

class ControlSession;

class Node final : private ShardHost {
 public:
  // References outlive this. Nothing runs before start(). Destroyed when the control loop
  // has ended, or was never run: what is posted there refers to this. The shards live on
  // threads that `start_thread` makes, and keep their data in `stores`.
  Node(net::Loop& control_loop, const Clock& clock, Random& random, Settings settings,
       net::StartThread start_thread, std::unique_ptr<Stores> stores);

  // Stops serving, then closes the stores, which writes what a restart would recover.
  ~Node() override;

  // Opens the stores (recovering what a crash left), listens, looks for the admin. The error
  // says what the operator can do. With port 0 the system chooses one that has room for the
  // shards' ports above it.
  Status start();

  // ---- For the control sessions ----

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] net::Loop& loop() { return loop_; }
  [[nodiscard]] uint16_t port() const { return port_; }  // The control port, once started.
  [[nodiscard]] const Standing& standing() const { return standing_; }
  [[nodiscard]] uint32_t shards_offline() const;
  // Another one at each start of the process: so the admin sees that it has restarted.
  [[nodiscard]] uint64_t incarnation() const { return incarnation_; }
  // The present epoch, if this node recovers and every vnode is complete in it; else 0.
  [[nodiscard]] topology::Epoch recovered_epoch() const;
  [[nodiscard]] int64_t sum_over_shards(Counter ShardStats::*counter) const;
  [[nodiscard]] int64_t uptime_s() const { return (clock_.wall_ms() - started_ms_) / 1000; }
  [[nodiscard]] const ShardStats& shard_counters(uint32_t shard) const;
  [[nodiscard]] uint32_t shards() const { return data_dir_->shards(); }
  [[nodiscard]] uint64_t log_bytes(uint32_t shard) const {  // Since its last checkpoint.
    return stores_->log_bytes(shard);
  }
  [[nodiscard]] bool writes_allowed() const override { return stores_->writes_allowed(); }
  [[nodiscard]] uint64_t disk_mark() const { return stores_->disk_mark(); }

  // What all shards have reported.
  [[nodiscard]] ShardReport report() const { return sum_of(reports_); }
  [[nodiscard]] Millis shards_silent_for() const { return watch_.silence(); }

  // What the admin wants of Shard::verify(); 0: nothing.
  void want_verification(uint64_t id, bool repairs);

  // See ShardHost. Any thread.
  void take_report(uint8_t index, ShardReport report) override;

  // DORIS.ADOPT; see ShardHost. Any thread.
  void adopt_topology(std::string text, AdoptCallback done) override;

  // DORIS.RECORD: what is held of a physical key, as a map. `done` runs on the control thread.
  void inspect(const std::string& physical_key, std::function<void(resp::Value)> done);

  // Whether what listens at `address` answers PING in time. `done` runs on the control thread,
  // never from inside the call.
  void probe(const net::Address& address, Millis timeout, std::function<void(bool)> done);

  void with_session(uint64_t id, const std::function<void(ControlSession&)>& then);
  void on_session_ended(ControlSession& session);

 private:
  struct ShardThread;

  Status take_over_kept();
  Status open_shards();
  Status listen();
  Status listen_at(uint16_t port);
  [[nodiscard]] std::string ports() const;
  void start_feed();
  void on_accept(std::unique_ptr<net::Accepted> accepted);
  [[nodiscard]] std::vector<std::string> registration() const;
  Status on_registered(const resp::Value& reply);

  // Who has sent a topology.
  enum class Source : uint8_t {
    kDisk,    // It is our own memory.
    kRouter,  // Or anybody: what it knows may be of before our restart.
    kAdmin,   // Knows, also when it is the epoch that we hold.
  };
  Status take_over(const std::string& text, Source source);
  [[nodiscard]] bool is_up_in(const topology::Topology& topology) const;

  // Takes over the topology, whose text is `text`. `done`, if any, runs once every shard has
  // it; not on an error, whose message is an error reply.
  Status adopt(topology::Topology topology, const std::string& text, Source source,
               const std::function<void()>& done);
  [[nodiscard]] Status check(const topology::Topology& topology, Source source) const;
  void make_standing(topology::Topology topology);
  [[nodiscard]] std::string why_not_ready(const topology::Topology& topology,
                                          const topology::Node* self) const;
  void hand_out_standing(const std::function<void()>& done);
  void look_at_shards();

  net::Loop& loop_;
  net::Postbox postbox_{loop_};
  const Clock& clock_;
  Random& random_;
  const Settings settings_;
  const net::StartThread start_thread_;
  const int64_t started_ms_;
  const uint64_t incarnation_;

  std::unique_ptr<DataDir> data_dir_;
  const std::unique_ptr<Stores> stores_;
  std::vector<std::unique_ptr<ShardThread>> shards_;  // Constant once start() has returned.
  std::unique_ptr<net::Listener> listener_;
  uint16_t port_ = 0;  // Of the listener.
  std::unique_ptr<resp::TopologyFeed> feed_;
  topology::KeyHasher hasher_;

  std::vector<ShardReport> reports_;  // By shard.
  ShardWatch watch_{0};
  const std::unique_ptr<net::Timer> looker_;
  uint64_t wanted_verification_ = 0;

  Standing standing_;
  bool confirmed_ = false;  // Somebody who must know has confirmed standing_'s epoch.

  uint64_t next_probe_ = 1;
  std::unordered_map<uint64_t, std::unique_ptr<resp::Client>> probes_;

  uint64_t next_session_ = 1;
  std::unordered_map<uint64_t, std::unique_ptr<ControlSession>> sessions_;
};

}  // namespace doris::server

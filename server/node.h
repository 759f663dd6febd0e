// Node: the wiring of doris-server. Owns the control thread's side: the data directory, the
// control port, the link to the admin, and the shards' threads.
//
//   admin --topology--> TopologyFeed --+
//   admin --ADOPT-----> control port --+--> persist --> every shard --> done
//   router --ADOPT----> shard port ----+    (epoch on the disk before anybody acts on it)
//
// A node serves only when its standing is confirmed: after a restart its own memory of the
// topology may be old, so it waits until the admin, or a router with a newer epoch, has
// spoken.
//
// Every member function runs on the control thread, except where ShardHost says otherwise.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/net/loop.h"
#include "base/topology/key_hash.h"
#include "resp/topology_feed.h"
#include "resp/value.h"
#include "server/data_dir.h"
#include "server/maintenance.h"
#include "server/settings.h"
#include "server/shard.h"

namespace doris::server {

class ControlSession;

class Node final : private ShardHost {
 public:
  // References outlive this. Nothing runs before start().
  Node(net::Loop& control_loop, const Clock& clock, Random& random, Settings settings);
  ~Node() override;

  // Opens the stores (recovering what a crash left), listens, looks for the admin. The error
  // says what the operator can do.
  Status start();

  // ---- For the control sessions ----

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] const Standing& standing() const { return standing_; }
  [[nodiscard]] uint32_t shards_offline() const;
  [[nodiscard]] int64_t uptime_s() const { return (clock_.wall_ms() - started_ms_) / 1000; }
  [[nodiscard]] const ShardStats& shard_counters(uint32_t shard) const;
  [[nodiscard]] uint32_t shards() const { return data_dir_->shards(); }
  [[nodiscard]] uint64_t log_bytes(uint32_t shard) const;  // Since its last checkpoint.
  [[nodiscard]] bool writes_allowed() const override { return maintenance_->writes_allowed(); }

  // DORIS.ADOPT; see ShardHost. Any thread.
  void adopt_topology(std::string text, AdoptCallback done) override;

  // DORIS.RECORD: what is held of a physical key, as a map. `done` runs on the control thread.
  void inspect(const std::string& physical_key, std::function<void(resp::Value)> done);

  void with_session(uint64_t id, const std::function<void(ControlSession&)>& then);
  void on_session_ended(ControlSession& session);

 private:
  struct ShardThread;

  Status open_shards();
  Status listen();
  void start_feed();
  void on_accept(std::unique_ptr<net::Accepted> accepted);
  [[nodiscard]] std::vector<std::string> registration() const;
  Status on_registered(const resp::Value& reply);
  Status adopt(const std::string& text, bool confirms_same, AdoptCallback done);
  void make_standing(topology::Topology topology);
  void hand_out_standing(const AdoptCallback& done);

  net::Loop& loop_;
  const Clock& clock_;
  Random& random_;
  const Settings settings_;
  const int64_t started_ms_;

  std::unique_ptr<DataDir> data_dir_;
  std::vector<std::unique_ptr<ShardThread>> shards_;  // Constant once start() has returned.
  std::unique_ptr<Maintenance> maintenance_;
  std::unique_ptr<net::Listener> listener_;
  uint16_t port_ = 0;  // Of the listener.
  std::unique_ptr<resp::TopologyFeed> feed_;
  topology::KeyHasher hasher_;

  Standing standing_;
  bool confirmed_ = false;  // Somebody who must know has confirmed standing_'s epoch.

  uint64_t next_session_ = 1;
  std::unordered_map<uint64_t, std::unique_ptr<ControlSession>> sessions_;
};

}  // namespace doris::server

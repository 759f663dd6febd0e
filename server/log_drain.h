// LogDrain: fetches what one shard of another server keeps in its update log for this one, or, to
// have what this one may have lost, for another one with which it shares vnodes.
//
//   VLOGREAD page --> stored here, put-if-newer --> committed --> VLOGDROP each entry --> next page
//
// An entry is dropped there only after it is committed here, so a crash of either side loses
// nothing, and the drain begins again. If the keeper does not answer after a few attempts the
// drain is over all the same, unless the log is needed: what it has is found by the comparison that
// follows, and the log has made that short only. But there may be nobody to compare with
// (recovery_plan.h). Of another's log nothing is dropped.
//
// Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/net/loop.h"
#include "server/peer_client.h"
#include "server/peer_dialect.h"

namespace doris::server {

class Shard;

class LogDrain {
 public:
  struct Source {
    topology::NodeId target;  // For whom the log is kept.
    uint32_t shards;          // Of this node..
    uint32_t shard;           // ..and which of them this is.
    // Of another's log: the vnodes that are this shard's, too. Empty: it is our own.
    std::function<bool(topology::Vnode)> shares = nullptr;
    bool is_needed = false;  // Asked until the keeper answers.
  };

  // `on_done` runs once, never from inside the constructor, and must not destroy this. `shard`
  // outlives this.
  LogDrain(net::Loop& loop, Shard& shard, std::unique_ptr<PeerClient> keeper, Source source,
           std::function<void()> on_done);

 private:
  void read_page();
  void on_page(const Result<resp::Value>& reply);
  Status store(const LogPage& page);
  void drop(const LogPage& page);
  void on_trouble(const Status& why);

  Shard& shard_;
  const std::unique_ptr<PeerClient> keeper_;
  const Source source_;
  const std::function<void()> on_done_;
  const std::unique_ptr<net::Timer> retry_;
  std::string from_;
  uint32_t failures_ = 0;  // In a row.
};

}  // namespace doris::server

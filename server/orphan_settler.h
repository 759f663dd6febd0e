// OrphanSettler: brings writes whose router has gone to their other copy, so that they are
// settled without it.
//
//   the record, if it is still held --VSET S, VDEL S, or L--> the other copy's shard --> settled
//
// Lives as long as the node is in one epoch. Loop thread only.
#pragma once

#include <set>

#include "base/net/loop.h"
#include "base/random.h"
#include "server/peer_clients.h"
#include "server/standing.h"
#include "server/unsettled_writes.h"

namespace doris::server {

class Shard;

class OrphanSettler {
 public:
  // References outlive this. REQUIRES: `standing` is ready.
  OrphanSettler(net::Loop& loop, Random& random, Shard& shard, const Standing& standing);

  // Starts on what is not under way already. A failure is for the next call.
  void settle(const std::vector<UnsettledWrites::Orphan>& orphans);

 private:
  void settle(const UnsettledWrites::Orphan& orphan);
  bool is_annulled(const UnsettledWrites::Orphan& orphan, const Status& why);

  Shard& shard_;
  const Standing standing_;
  PeerClients clients_;
  std::set<resp::WriteId> under_way_;
};

}  // namespace doris::server

// WriteSharer: has what somebody waits for on both copies, while the router that wrote it says
// nothing of it: it may be dead, frozen or cut off from the other copy, and its clients alone
// should notice.
//
//   VWAIT, VBASE, again and again --want()--> due --share_due()--> VSHARE --> the other copy
//                                                                                  |
//                is_settled() from then on <----- UnsettledWrites::share() <----- +OK
//
// That router may propose the write once more, to whoever is primary then. So what travels is the
// record with a notice of each write of its key that is not settled, and both servers remember
// these for as long as that is possible. Only the primary shares: it knows their order.
//
// Lives as long as the node is in one epoch. Loop thread only.
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/peer_clients.h"
#include "server/standing.h"
#include "server/unsettled_writes.h"

namespace doris::server {

class Shard;

class WriteSharer {
 public:
  // References outlive this. REQUIRES: `standing` is ready, and owns vnodes.
  WriteSharer(net::Loop& loop, Random& random, Shard& shard, const Standing& standing);

  // Somebody waits for what `key` has in this version, and will ask again soon. True if share_due()
  // has something to do.
  bool want(const KeyRef& key, const resp::Version& version);

  // REQUIRES: the open batch is over.
  void share_due();

  // Forgets who waited for what is settled by now.
  void tidy();

 private:
  struct Due {
    topology::Vnode vnode = 0;
    std::string key;
  };

  void share(const Due& due, const std::vector<UnsettledWrites::Notice>& notices);
  void on_answer(const std::string& key, const std::vector<UnsettledWrites::Notice>& notices,
                 const Status& outcome);

  net::Loop& loop_;
  Shard& shard_;
  const Standing standing_;
  PeerClients clients_;
  std::unordered_map<resp::WriteId, TimePoint> wanted_since_;
  std::vector<Due> due_;
  std::set<std::string> under_way_;  // Keys.
  size_t bytes_under_way_ = 0;       // Of their values.
  std::string trouble_;              // Why the last one was not shared, as the log has it.
};

}  // namespace doris::server

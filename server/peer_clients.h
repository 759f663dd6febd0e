// PeerClients: one shard's connections to shards of other data servers, in one epoch, each made
// when it is first needed.
//
// Loop thread only.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "server/peer_client.h"

namespace doris::server {

class PeerClients {
 public:
  // References outlive this. `standing` is ready; `self` names the shard, for its peers' logs.
  PeerClients(net::Loop& loop, Random& random, const Standing& standing, std::string self)
      : loop_(loop), random_(random), standing_(standing), self_(std::move(self)) {}

  // Valid as long as this.
  PeerClient& at(const topology::Replica& where) {
    std::unique_ptr<PeerClient>& client = clients_[where];
    if (client == nullptr) client = make_peer_client(loop_, random_, standing_, where, self_);
    return *client;
  }

 private:
  net::Loop& loop_;
  Random& random_;
  const Standing& standing_;
  const std::string self_;
  std::map<topology::Replica, std::unique_ptr<PeerClient>> clients_;
};

}  // namespace doris::server

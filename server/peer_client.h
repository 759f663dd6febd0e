// PeerClient: one shard's calls to a shard of another data server, for recovery and repair.
//
// A shard port serves nobody who has not said for which epoch it speaks, so each call is
// preceded by DORIS.PEER on the same connection: however often that was lost and made anew, a
// command is run in the epoch given here, or refused.
//
// Loop thread only. Callbacks never run from inside ask(); after destruction none run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/net/loop.h"
#include "base/random.h"
#include "base/topology/topology.h"
#include "resp/client.h"
#include "server/standing.h"

namespace doris::server {

class PeerClient {
 public:
  struct Options {
    net::Address address;
    std::string cluster;
    topology::Epoch epoch = 0;
    std::string self;  // This node's name, for the peer's log.
    Millis timeout{5000};
  };
  // An error reply comes as a Status, too.
  using Callback = std::function<void(const Result<resp::Value>& reply)>;

  // `loop` and `random` outlive this.
  PeerClient(net::Loop& loop, Random& random, Options options);

  void ask(std::vector<std::string> command, Callback callback);

  [[nodiscard]] const net::Address& address() const { return options_.address; }

 private:
  const Options options_;
  resp::Client client_;
};

// One for the shard at `where`, in the epoch of `standing`, which is ready.
[[nodiscard]] std::unique_ptr<PeerClient> make_peer_client(net::Loop& loop, Random& random,
                                                           const Standing& standing,
                                                           const topology::Replica& where,
                                                           const std::string& self);

}  // namespace doris::server

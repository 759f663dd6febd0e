// VnodeSync: makes vnodes of this shard equal to their replicas at one shard of another server.
//
//   VDIGEST of many vnodes --equal--> done
//                          --not----> VKEYS page by page, beside our own keys of that range:
//                                       newer or only there: VFETCH, stored put-if-newer
//                                       newer or only here:  VSET or VDEL, role S, but not soon
//
// Both sides end with the highest version of each key; nothing is ever taken back. Live writes
// may go on meanwhile: versions make every order of arrival come out the same. It never gives
// up: while the other does not answer it tries again.
//
// What only this side has of an earlier epoch, nobody was told to be written: the other side has
// every acknowledged write. Its router will propose it anew, and then it must not have been seen
// before. So it is sent only when no router can do that any more, after request-timeout; a vnode
// with such a record waits until then, or until a newer one has come.
//
// Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/net/loop.h"
#include "server/peer_client.h"
#include "server/peer_dialect.h"

namespace doris::server {

class Shard;

class VnodeSync {
 public:
  struct Callbacks {
    std::function<void(topology::Vnode)> on_vnode_done;
    std::function<void()> on_done;  // All of them.
  };

  // Callbacks never run from inside the constructor, and must not destroy this. `shard` outlives
  // this.
  VnodeSync(net::Loop& loop, Shard& shard, std::unique_ptr<PeerClient> peer,
            std::vector<topology::Vnode> vnodes, Callbacks callbacks);

  // Records brought from there, and records sent there.
  [[nodiscard]] uint64_t fetched() const { return fetched_; }
  [[nodiscard]] uint64_t sent() const { return sent_; }

 private:
  void go_on();
  void compare_digests();
  void on_digests(const Result<resp::Value>& reply, size_t count);
  void read_page();
  void on_page(const Result<resp::Value>& reply);
  Status find_differences(const KeyPage& page);
  [[nodiscard]] bool comes_by_itself(const KeyRef& key, const resp::Version& version) const;
  void work_off();
  void fetch();
  void on_records(const Result<resp::Value>& reply, const std::vector<std::string>& keys);
  void send();
  void finish_page();
  void on_trouble(const Status& why);

  net::Loop& loop_;
  Shard& shard_;
  const std::unique_ptr<PeerClient> peer_;
  const Callbacks callbacks_;
  const std::unique_ptr<net::Timer> retry_;

  std::vector<topology::Vnode> unknown_;    // Digests not compared yet; from the back.
  std::vector<topology::Vnode> different_;  // The back one is being worked on.
  std::vector<topology::Vnode> later_;      // To be compared again: see above.
  const TimePoint sends_from_;              // Not before does this side send what it has.

  // The page of the vnode being worked on.
  std::string from_;
  std::string next_;
  std::vector<std::string> to_fetch_;
  std::vector<std::string> to_send_;
  bool must_wait_ = false;  // The vnode has what may be sent only later.

  uint64_t fetched_ = 0;
  uint64_t sent_ = 0;
  std::string trouble_;
};

}  // namespace doris::server

// VnodeSync: compares vnodes of this shard with their replicas at one shard of another server, and
// makes them equal.
//
//   VDIGEST of many vnodes --equal--> done
//                          --not----> VKEYS page by page, beside our own keys of that range
//                                     (key_comparison.h); what differs:
//                                       newer there   VFETCH, stored here
//                                       newer here    VHELD: still? then VSET or VDEL there
//
// Nothing newer is ever taken back, and live writes may go on meanwhile: versions make every order
// of arrival come out the same. It never gives up: while the other does not answer it tries again.
//
// To recover. This side has been away, and the other has every acknowledged write. What only this
// side has of an earlier epoch, nobody was told to be written: its router will propose it anew, and
// then it must not have been seen before. So it is sent only when no router can do that any more
// (Shard::may_come_anew()); a vnode with such a record waits until then, or until a newer one has
// come. What the other has reclaimed is dropped here. And it waits for what is not settled there
// and has not come here: its writer will bring it, or it ends otherwise, and until then this side
// could show what was there before, or lack even that. In the end it takes over the other's floor.
//
// To fetch. Both sides have been away, this one for less time, and both may have lost what came
// last: what is newer there is brought here, and nothing else is done. What the other had before it
// failed its router may propose anew to this side, and it is brought only when no router can do
// that any more. What is later was proposed to a process of this side that is over, and will not be
// again. What this side has reclaimed stays out; what is not settled there is waited for, as above.
//
// To compare, or to repair. Both sides are up, and this one has the primary replica. What is
// settled on one of two is on both: a record that is not is a difference, and counted. Only to
// repair are they mended. What is doubtful (Shard::is_doubtful()) is mended likewise, but not
// counted: whether it was settled is not known.
//
// Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/net/loop.h"
#include "server/key_comparison.h"
#include "server/peer_client.h"
#include "server/peer_dialect.h"

namespace doris::server {

class Shard;

class VnodeSync {
 public:
  enum class Purpose : uint8_t { kRecover, kFetch, kCompare, kRepair };
  struct Aim {
    Purpose purpose;
    topology::Epoch failed_in = 0;  // To fetch: the epoch in which the other had failed.
  };

  // A record that one side lacks, or has in an older version.
  struct Difference {
    std::string key;  // The physical one.
    bool here;        // It is this side that does.
  };

  struct Callbacks {
    // These were found in the vnode, and mended if that was the purpose; none when recovering.
    std::function<void(topology::Vnode vnode, const std::vector<Difference>& differences)>
        on_vnode_done;
    std::function<void()> on_done = [] {};  // All of them.
  };

  // Callbacks never run from inside the constructor, and must not destroy this. `shard` outlives
  // this.
  VnodeSync(net::Loop& loop, Shard& shard, std::unique_ptr<PeerClient> peer,
            std::vector<topology::Vnode> vnodes, Aim aim, Callbacks callbacks);

  // One more vnode. May be called from on_vnode_done.
  void add(topology::Vnode vnode);

  // Records brought from there, and records sent there.
  [[nodiscard]] uint64_t fetched() const { return fetched_; }
  [[nodiscard]] uint64_t sent() const { return sent_; }

  [[nodiscard]] PeerClient& peer() { return *peer_; }

 private:
  [[nodiscard]] bool recovers() const { return aim_.purpose == Purpose::kRecover; }
  [[nodiscard]] bool fetches() const { return aim_.purpose == Purpose::kFetch; }
  [[nodiscard]] bool both_are_up() const { return !recovers() && !fetches(); }
  [[nodiscard]] bool brings() const { return aim_.purpose != Purpose::kCompare; }
  void go_on();
  void compare_digests();
  void on_digests(const Result<resp::Value>& reply, size_t count);
  struct VnodeFloor {
    topology::Vnode vnode;
    resp::Version floor;
  };
  Status take_floors(const std::vector<VnodeFloor>& floors);
  void put_aside(topology::Vnode vnode);
  void read_page();
  void on_page(const Result<resp::Value>& reply);
  void sort_theirs(std::vector<TheirKey> theirs);
  void sort_ours(std::vector<OurKey> ours);
  [[nodiscard]] bool comes_by_itself(const OurKey& ours) const;
  void work_off();
  void ask_held();
  void on_held(const Result<resp::Value>& reply, size_t count);
  Status judge_ours(const OurKey& ours, const std::optional<resp::Version>& theirs);
  void fetch();
  void on_records(const Result<resp::Value>& reply, const std::vector<std::string>& keys);
  void send();
  void note_difference(const std::string& key, const resp::Version& version, bool here);
  void finish_page();
  using VersionsByKey = std::map<std::string, resp::Version>;
  [[nodiscard]] bool has_all_come(topology::Vnode vnode, VersionsByKey coming);
  void done(topology::Vnode vnode, const std::vector<Difference>& differences);
  void on_trouble(const Status& why);

  net::Loop& loop_;
  Shard& shard_;
  const std::unique_ptr<PeerClient> peer_;
  const Aim aim_;
  const Callbacks callbacks_;
  const std::unique_ptr<net::Timer> retry_;

  std::vector<topology::Vnode> unknown_;    // Digests not compared yet; from the back.
  std::vector<topology::Vnode> different_;  // The back one is being worked on.
  std::vector<topology::Vnode> later_;      // To be compared again.
  std::set<topology::Vnode> put_aside_;     // Their digests differed once: of writes on their way?
  std::optional<TimePoint> answered_at_;  // The first time: the other is in this epoch since then.

  // The page of the vnode being worked on.
  std::string from_;
  std::string next_;
  resp::Version floor_;         // Theirs.
  resp::Version first_floor_;   // Theirs, at the vnode's first page: so much holds of all pages.
  std::vector<OurKey> to_ask_;  // Newer here: does the other still not have them?
  std::vector<TheirKey> to_fetch_;
  std::vector<std::string> to_send_;
  std::vector<Difference> of_page_;
  bool must_wait_ = false;  // The vnode has what may be sent only later.

  VersionsByKey coming_;                 // In the vnode: newer there, and not settled.
  std::vector<Difference> differences_;  // Of the vnode, but for this page.

  // To recover, of vnodes that were looked at: what has not come of that which was on its way at
  // the first look.
  std::map<topology::Vnode, VersionsByKey> awaited_;

  uint64_t fetched_ = 0;
  uint64_t sent_ = 0;
  std::string trouble_;
};

}  // namespace doris::server

// UnsettledWrites: the writes that this shard has taken, and of which it does not know whether
// their other copy has them.
//
// A router writes both copies, so only it knows when they both have a write; it says so a moment
// later (VSETTLE). Until then nobody is shown what the write has done: if this server failed, the
// write might not be on the other one, and what was read would be unread again. It is also how
// a write is done once only: while it is remembered here, the same proposal is answered as before
// and not applied again.
//
//   VSET --> add() --------> VSETTLE: settle()
//                   `------> the router has given up, or has gone: orphans(), which the shard
//                            settles itself (orphan_settler.h)
//
// A write belongs to the open batch until that is kept or dropped.
//
// In memory only: after a restart a server is compared with the other copies before it serves.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "resp/write_id.h"
#include "server/store.h"

namespace doris::server {

class UnsettledWrites {
 public:
  // A write that was done: what its answer said.
  struct Done {
    bool existed = false;
    resp::Version version;  // As proposed, or as raised.
  };
  struct Orphan {
    resp::WriteId id = 0;
    topology::Vnode vnode = 0;
    std::string key;
  };

  // `proposal` of `writer` was done as `done` says.
  void add(uint32_t writer, const KeyRef& key, const resp::Version& proposal, const Done& done);

  // The write that was proposed with this version, if it is remembered.
  [[nodiscard]] const Done* find(const KeyRef& key, const resp::Version& proposal) const;

  // Whether what a reader finds in this version may be shown.
  [[nodiscard]] bool is_settled(std::string_view key, const resp::Version& version) const;

  // The vnodes with a write of an epoch before `epoch` that is not settled.
  [[nodiscard]] std::set<topology::Vnode> vnodes_before(topology::Epoch epoch) const;

  // The batch that the writes added last were in: committed, or not.
  void keep_batch() { in_batch_.clear(); }
  void drop_batch();

  // Both copies have the write, or a later one of the same key: forgotten. `id` is that of the
  // proposal or of the raised version; a writer that was not answered knows only the first.
  // Unknown ids are ignored.
  void settle(resp::WriteId id);

  // Its writer has given up before it knew that.
  void abandon(resp::WriteId id);

  // The writer has a connection, or has none since `now`.
  void on_linked(uint32_t writer) { away_since_.erase(writer); }
  void on_unlinked(uint32_t writer, TimePoint now) { away_since_[writer] = now; }

  // Abandoned writes, and those whose writer has been away since before `deadline`, up to `count`.
  // They stay until they are settled.
  [[nodiscard]] std::vector<Orphan> orphans(TimePoint deadline, size_t count) const;

  // What was taken before `epoch` is forgotten: another way is found to tell what both copies have.
  void forget_before(topology::Epoch epoch);

  void clear() { writes_.clear(); }
  [[nodiscard]] size_t size() const { return writes_.size(); }

 private:
  struct Held {
    uint32_t writer = 0;  // 0: abandoned.
    topology::Vnode vnode = 0;
    std::string key;
    Done done;
  };

  // By the id of the proposal and, if it was raised, by that of the raised version, too.
  std::unordered_map<resp::WriteId, Held> writes_;
  std::vector<resp::WriteId> in_batch_;
  std::unordered_map<uint32_t, TimePoint> away_since_;
};

}  // namespace doris::server

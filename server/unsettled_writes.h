// UnsettledWrites: the writes that this shard has taken, and of which it does not know whether
// their other copy has them.
//
// A router writes both copies, so only it knows when they both have a write; it says so a moment
// later (VSETTLE). Until then nobody is shown what the write has done: if this server failed, the
// write might not be on the other one, and what was read would be unread again. It is also how
// a write is done once only: while it is remembered here, the same proposal is answered as before
// and not applied again, and so is the same operation if it is proposed anew in a later epoch.
//
//   VSET --> add() --------> VSETTLE: settle()
//                   |------> the router has given up, has gone, or says nothing of it for long:
//                   |        orphans(), which the shard settles itself (orphan_settler.h)
//                   `------> somebody waits for it, and the router says nothing: the shard brings
//                            it to the other copy, and both *share* it (write_sharer.h). It may be
//                            shown then, and is still remembered, for its router may propose it
//                            once more.
//
// A write belongs to the open batch until that is kept or dropped.
//
// In memory only: after a restart a server is compared with the other copies before it serves. If
// none is there to be compared with, it doubts what is new (Shard::is_doubtful()).
//
// Loop thread only.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "resp/value.h"
#include "resp/write_id.h"
#include "server/store.h"

namespace doris::server {

class UnsettledWrites {
 public:
  // What an update has done: the record, and the answer that was made of it.
  struct Effect {
    std::optional<resp::Value> reply;  // None: only its router knows.
    RecordHeader header;
    std::string value;
    resp::Version base;  // What it rests on and waits for (base_of()); epoch 0: nothing.
  };
  // A write that was done: what its answer said.
  struct Done {
    bool existed = false;
    resp::Version version;                           // As proposed, or as raised.
    resp::Version before{};                          // What was held; epoch 0: nothing.
    std::shared_ptr<const Effect> effect = nullptr;  // Of an update.
    resp::Version first{};  // In which it got its place, if it has a new version since; or epoch 0.
  };
  struct Orphan {
    resp::WriteId id = 0;
    topology::Vnode vnode = 0;
    std::string key;
    resp::Version version;
    bool shared = false;  // Both copies have it.
  };
  // The proposal's, that of the version as raised, the operation's, and that of the version in
  // which it got its place, on which others may rest: often all the same.
  using Ids = std::array<resp::WriteId, 4>;
  // What the primary tells the other copy of a write that it has done, so that this one does not do
  // it again.
  struct Notice {
    uint32_t writer = 0;  // 0: given up.
    Ids ids{};
    resp::Version version;
    resp::Version before;
    resp::Version first;

    bool operator==(const Notice&) const = default;
  };

  UnsettledWrites() = default;
  UnsettledWrites(const UnsettledWrites&) = delete;
  UnsettledWrites& operator=(const UnsettledWrites&) = delete;

  // An effect for Done. Its bytes are counted for as long as it is remembered.
  [[nodiscard]] std::shared_ptr<const Effect> keep(Effect effect);
  [[nodiscard]] size_t effect_bytes() const { return effect_bytes_; }

  // `proposal` of `writer` was done as `done` says. `operation` is the id of the version in which
  // it was proposed first; 0: in this one.
  void add(uint32_t writer, const KeyRef& key, const resp::Version& proposal, const Done& done,
           resp::WriteId operation = 0);

  // A replica that is not the primary has taken a write of this version where it held `before`. (To
  // the primary a data server may bring one, too: what was done there stays done.) What others have
  // there, neither settled nor shared, is forgotten, in the batch: it may not have reached the
  // primary, which then has evaluated the new write without it. If it is proposed anew, it was not
  // done, and follows the new one. Nobody was shown it: who waits for that reads anew. And nothing
  // rests on it that is here: that would have waited until it could not be proposed any more
  // (base_of()).
  void overtake(const KeyRef& key, const resp::Version& version, resp::Version before);

  // All that is remembered of the writes of each of these keys. Looks through all that there is.
  using NoticesByKey = std::map<std::string, std::vector<Notice>, std::less<>>;
  [[nodiscard]] NoticesByKey notices(const std::set<std::string>& keys) const;

  // The other copy has the key's record and these notices of it, or what is newer: they are shared.
  void share(std::string_view key, const std::vector<Notice>& notices);

  // The primary, who has done the write, shares it with us, in the open batch. Its writer may never
  // tell us what becomes of it: it is remembered from `now` on for as long as it can be proposed.
  void add_shared(const KeyRef& key, const Notice& notice, TimePoint now);

  // The write with this id, of a version or of the operation, if it is remembered. Valid until
  // the next call that is not const.
  [[nodiscard]] const Done* find(resp::WriteId id) const;

  // Whether what a reader finds in this version may be shown.
  [[nodiscard]] bool is_settled(std::string_view key, const resp::Version& version) const;

  // What an update of `writer` that finds a record in this version has to wait for, before it is
  // sent to the other copy: until then the writer of what it found might have to propose that
  // once more, and the update would rest on what is to come after it. A writer's own writes are
  // answered in order, so they wait for what those before them wait for. Nor does it wait for what
  // is shared: that is done once, and both copies have it. Epoch 0: nothing.
  [[nodiscard]] resp::Version base_of(uint32_t writer, std::string_view key,
                                      const resp::Version& version) const;

  // Whether the write of this version will not be done again: it is settled, shared or given up,
  // or its writer has been away since before `deadline`.
  [[nodiscard]] bool is_final(std::string_view key, const resp::Version& version,
                              TimePoint deadline) const;

  // The vnodes with a write of an epoch before `epoch` that is not settled.
  [[nodiscard]] std::set<topology::Vnode> vnodes_before(topology::Epoch epoch) const;

  // Whether a write of the vnode in a version below `version` is not settled.
  [[nodiscard]] bool has_below(topology::Vnode vnode, const resp::Version& version) const;

  // The batch that the writes added last were in: committed, or not.
  void keep_batch();
  void drop_batch();

  // Both copies have the write, or a later one of the same key: forgotten. `id` is that of the
  // proposal or of the raised version; a writer that was not answered knows only the first.
  // Unknown ids are ignored. It is true whatever becomes of the open batch.
  void settle(resp::WriteId id);

  // Its writer has given up before it knew that. Likewise.
  void abandon(resp::WriteId id);

  // The writer has a connection, or has none since `now`.
  void on_linked(uint32_t writer) { away_since_.erase(writer); }
  void on_unlinked(uint32_t writer, TimePoint now) { away_since_[writer] = now; }

  // Those that have writes here which they have not given up, and will tell us about.
  [[nodiscard]] std::set<uint32_t> writers() const;

  // Abandoned writes, those of which nobody has been there to tell us since before `deadline`, and
  // those of which nobody has told us for long all the same: about `count` of them, others with the
  // next call. They stay until they are settled. To be called often: it notes what it sees.
  [[nodiscard]] std::vector<Orphan> orphans(TimePoint deadline, size_t count);

  // What was taken before `epoch` is forgotten: another way is found to tell what both copies have.
  void forget_before(topology::Epoch epoch);

  void clear();
  [[nodiscard]] size_t size() const { return writes_.size(); }

 private:
  struct Held {
    uint32_t writer = 0;  // 0: abandoned.
    topology::Vnode vnode = 0;
    std::string key;
    Done done;
    Ids ids{};
    bool shared = false;                 // In this version: both copies have it, or a newer one.
    bool both_know = false;              // In this version or an earlier one.
    std::optional<TimePoint> told_at{};  // When the primary told us, and not its writer.
    std::optional<TimePoint> seen_at{};  // By orphans(): the first of its deadlines.
  };

  // Once for each that is different.
  template <class Function>
  static void for_each(const Ids& ids, const Function& function);

  // Change what is remembered, within the open batch.
  void set(const Held& held);
  void set(resp::WriteId id, Held held);
  void forget(const Held& held);

  // Change it whatever becomes of the batch.
  void settle_now(resp::WriteId id);
  void abandon_now(resp::WriteId id);

  [[nodiscard]] const Held* held(std::string_view key, const resp::Version& version) const;
  [[nodiscard]] bool is_away(const Held& held, TimePoint deadline) const;

  size_t effect_bytes_ = 0;                         // Outlives the effects.
  std::unordered_map<resp::WriteId, Held> writes_;  // By each of its ids.
  // What the open batch has changed, and what was there before; nullptr: nothing.
  std::vector<std::pair<resp::WriteId, std::unique_ptr<Held>>> in_batch_;
  // What came in meanwhile, for what the batch may bring back.
  std::vector<resp::WriteId> settled_in_batch_;
  std::vector<resp::WriteId> abandoned_in_batch_;
  std::unordered_map<uint32_t, TimePoint> away_since_;
  size_t bucket_ = 0;  // Of writes_: orphans() has come so far.
};

}  // namespace doris::server

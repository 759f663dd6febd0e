// ShardSession: the connection of one router thread, or of another data server's shard, to a
// shard. Speaks the internal dialect (resp/PROTOCOL.md, "Router to data server" and, in
// shard_session_peer.cpp, "Data server to data server").
//
// Loop thread only; owned by its Shard.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "resp/update.h"
#include "server/paced_session.h"
#include "server/shard.h"

namespace doris::server {

class ShardSession final : public PacedSession {
 public:
  ShardSession(std::unique_ptr<net::Stream> stream, Shard& shard, uint64_t id);

  [[nodiscard]] uint64_t id() const { return id_; }
  [[nodiscard]] uint32_t writer() const { return writer_; }  // 0: never said.

  // For how long nothing has come from the peer, as often as this is asked: by the shard's tick.
  [[nodiscard]] TimePoint::duration silence(TimePoint now);

  // For the Shard. join_batch() is false if the session is in the batch already.
  bool join_batch();
  void leave_batch() { drop_mark(); }
  void run_batch_again() { run_again(); }

 private:
  using Args = std::span<const std::string_view>;
  struct Command;

  // Where a write goes here: P, S, or the update log of `target`.
  struct Place {
    std::optional<Role> role;  // None: the update log.
    topology::NodeId target = topology::kNoNode;
    resp::WriteId operation = 0;  // Which it is the effect of, if it is one.
  };
  struct UpdateProposal {
    resp::Version version;
    resp::WriteId operation = 0;  // The id of the version that was proposed first.
    resp::Update update = resp::Update::kSet;
    std::string_view argument;
  };

  static const Command* find(std::string_view name);

  void on_command(Args args) override;
  void on_ended(const Status&) override { shard_.on_session_ended(*this); }

  void run_get(Args args);
  void run_has(Args args);
  void run_count(Args args);
  void run_link(Args args);
  void run_adopt(Args args);
  void run_ping(Args args);
  void run_wait(Args args);
  void run_base(Args args);

  // What changes records (shard_session_write.cpp, shard_session_update.cpp).
  void run_set(Args args);
  void run_del(Args args);
  void run_settle(Args args);
  void run_update(Args args);

  // What other data servers ask (shard_session_peer.cpp).
  void run_peer(Args args);
  void run_digest(Args args);
  void run_keys(Args args);
  void run_fetch(Args args);
  void run_held(Args args);
  void run_reclaim(Args args);
  void run_share(Args args);
  void run_log_read(Args args);
  void run_log_drop(Args args);

  [[nodiscard]] bool is_settled(const KeyRef& key, const RecordView& record) const;
  [[nodiscard]] bool read_shared(Args args, RecordCopy& record);

  // The checks that come before a command on data: each replies and is false on a refusal.
  [[nodiscard]] bool agrees();      // The connection and the shard, on the epoch.
  [[nodiscard]] bool may_answer();  // That, and the shard's files are sound.
  [[nodiscard]] bool may_serve();   // And nothing before the command has to be sent again.
  [[nodiscard]] bool refuses_held_up();
  [[nodiscard]] bool read_vnode(std::string_view word, topology::Vnode& vnode);
  [[nodiscard]] bool holds(topology::Vnode vnode);
  [[nodiscard]] bool is_up();  // This node, as the topology says.
  [[nodiscard]] bool read_key(std::string_view vnode, std::string_view key, KeyRef& ref);
  [[nodiscard]] bool read_question(Args args, KeyRef& key, resp::Version& version);
  void answer_question(const KeyRef& key, const resp::Version& version, bool yes);
  [[nodiscard]] Result<bool> may_be_undone(const KeyRef& key, const resp::Version& version);
  [[nodiscard]] bool read_write(Args args, size_t words, KeyRef& ref, Write& write, Place& place);
  [[nodiscard]] bool read_update(Args args, KeyRef& key, UpdateProposal& proposal);
  [[nodiscard]] bool has_room_for_effect();
  [[nodiscard]] bool read_version(std::string_view bytes, resp::Version& version);
  [[nodiscard]] bool may_order(const KeyRef& key, const resp::Version& version);
  [[nodiscard]] bool may_hold(const KeyRef& key, const resp::Version& version);
  [[nodiscard]] const UnsettledWrites::Done* repeated(const KeyRef& key,
                                                      const resp::Version& proposal);
  void apply(const KeyRef& key, const Write& write, const Place& place);
  [[nodiscard]] std::string refusal_at(const Place& place, const KeyRef& key, const Write& write);
  [[nodiscard]] const std::string& refusal_of_ordered_write();
  [[nodiscard]] resp::Version before_of(const KeyRef& key, const resp::Version& version);
  [[nodiscard]] bool is_below_floor(const KeyRef& key, const resp::Version& proposal,
                                    const WriteResult& result);
  void answer_write(const resp::Version& proposal, const Place& place,
                    const UnsettledWrites::Done& done);
  [[nodiscard]] Result<std::optional<RecordView>> find_record(const KeyRef& key, bool with_value);
  void evaluate_update(const KeyRef& key, const UpdateProposal& proposal,
                       const std::optional<RecordView>& found, bool is_new);
  void answer_again(const KeyRef& key, const UpdateProposal& proposal,
                    const std::optional<RecordView>& found, const UnsettledWrites::Done& before);
  static UnsettledWrites::Effect kept(const std::optional<RecordView>& found);
  void store_effect(const KeyRef& key, const UpdateProposal& proposal,
                    UnsettledWrites::Effect effect, const resp::Version& first);
  void answer_unchanged(const KeyRef& key, const resp::Value& answer,
                        const std::optional<RecordHeader>& found);
  void answer_update(const UnsettledWrites::Done& done);
  // Gives a doubtful record (Shard::is_doubtful) of which this is the primary a version of now,
  // which the shard brings to the other copy itself. What else was under way when all died loses
  // against it. False if that failed, and was replied.
  [[nodiscard]] bool renew(const KeyRef& key, RecordHeader& header, std::string_view value);

  [[nodiscard]] bool renew_found(const KeyRef& key, RecordHeader& header);

  // What comes before the reply to a read of a record in this version, if it is unsettled: the
  // reply is the first of two items. end_unsettled() writes the second.
  bool begin_unsettled(const KeyRef& key, const resp::Version& version);
  void end_unsettled(const resp::Version& version);

  Shard& shard_;
  const uint64_t id_;
  uint64_t heard_bytes_ = 0;  // See silence().
  TimePoint heard_at_;
  uint32_t writer_ = 0;        // Stays when a later DORIS.LINK is refused: it can be fenced.
  bool held_up_ = false;       // An update was refused: so is what follows, until DORIS.LINK.
  std::string refused_;        // See refusal_of_ordered_write().
  topology::Epoch epoch_ = 0;  // What the connection speaks for; 0: not linked.
};

}  // namespace doris::server

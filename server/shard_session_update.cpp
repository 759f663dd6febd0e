// Updates: what routers write that depends on what is there. And doubtful records, which get a new
// version when they are found.
#include <memory>
#include <optional>
#include <string>

#include "base/guard.h"
#include "resp/words.h"
#include "server/big_endian.h"
#include "server/evaluation.h"
#include "server/large_command.h"
#include "server/peer_dialect.h"
#include "server/shard_session.h"

namespace doris::server {
namespace {

void write_version_or_nil(resp::Writer& out, const resp::Version& version) {
  if (version.epoch == 0) {
    out.null();
  } else {
    write_version(out, version);
  }
}

}  // namespace

// VRMW vnode key version operation update argument
//
// `operation` is the id of the version in which the router has proposed this first. If that is an
// earlier one, some server may hold an effect that nobody was told of, in an epoch that has
// passed: whatever the outcome is now, the key gets a version of this epoch, which wins over it.
void ShardSession::run_update(Args args) {
  KeyRef key{};
  UpdateProposal proposal{};
  if (!read_update(args, key, proposal)) return;
  if (const UnsettledWrites::Done* done = repeated(key, proposal.version)) {
    if (shard_.batch_open()) shard_.join_batch(*this);
    answer_update(*done);  // It was sent again.
    return;
  }
  if (const std::string& refusal = refusal_of_ordered_write(); !refusal.empty()) {
    reply().error(refusal);
    return;
  }
  if (!has_room_for_effect()) return;
  shard_.join_batch(*this);
  const bool is_new = proposal.operation == resp::write_id(key.physical_key, proposal.version);
  const auto found = find_record(key, needs_value(proposal.update) || !is_new);
  if (!found.ok()) {
    reply().error(shard_.refusal(found.status()));
    return;
  }
  const bool is_known = !is_new && guarded(Guard::kOperationsNamed);
  const UnsettledWrites::Done* before =
      is_known ? shard_.unsettled().find(proposal.operation) : nullptr;
  if (before != nullptr) {
    answer_again(key, proposal, *found, *before);
  } else {
    evaluate_update(key, proposal, *found, is_new);
  }
}

// An APPEND of a byte makes the shard remember all that is there. When that is too much the router
// has to link again, and sends again, in the old order, all that was refused since. What it asks
// and tells meanwhile about writes that are done is heard: by that it becomes less.
bool ShardSession::has_room_for_effect() {
  if (shard_.unsettled().effect_bytes() < shard_.options().effect_bytes_max) return true;
  held_up_ = true;
  return !refuses_held_up();
}

Result<std::optional<RecordView>> ShardSession::find_record(const KeyRef& key, bool with_value) {
  if (with_value) return shard_.store().read(key);
  const auto header = shard_.store().read_header(key);
  if (!header.ok()) return header.status();
  if (!header->has_value()) return std::optional<RecordView>();
  return std::optional<RecordView>({**header, {}});
}

bool ShardSession::read_update(Args args, KeyRef& key, UpdateProposal& proposal) {
  if (!may_serve() || !read_key(args[1], args[2], key)) return false;
  const auto update = resp::update_named(args[5]);
  if (args[3].size() != resp::Version::kBytes || args[4].size() != resp::kWriteIdBytes || !update) {
    reply().error(
        "ERR VRMW takes a vnode, a key, a version of 16 bytes, an id of 8, an update and its "
        "argument");
    return false;
  }
  proposal.update = *update;
  proposal.operation = read_big_endian<resp::WriteId>(args[4].data());
  proposal.argument = args[6];
  return read_version(args[3], proposal.version) && may_order(key, proposal.version);
}

void ShardSession::evaluate_update(const KeyRef& key, const UpdateProposal& proposal,
                                   const std::optional<RecordView>& found, bool is_new) {
  const bool live = found && found->header.live(shard_.now_ms());
  Evaluation outcome = evaluate(proposal.update, proposal.argument, live ? found : std::nullopt,
                                shard_.options().limits.bulk_bytes_max);
  const resp::Version version = found ? found->header.version : resp::Version{};
  const resp::Version base = shard_.unsettled().base_of(writer_, key.physical_key, version);
  UnsettledWrites::Effect effect;
  if (outcome.changes) {
    effect.header.expires_at_ms = outcome.expires_at_ms;
    effect.header.tombstone = outcome.removes;
    effect.value = std::move(outcome.value);
  } else if (is_new) {
    answer_unchanged(key, outcome.reply, found ? std::optional(found->header) : std::nullopt);
    return;
  } else {
    effect = kept(found);
  }
  effect.reply = std::move(outcome.reply);
  effect.base = base;
  store_effect(key, proposal, std::move(effect), {});
}

// The operation was done in an earlier epoch, as `before` says. If something that is not settled
// has overtaken it, that will get its version of this epoch from its own writer.
void ShardSession::answer_again(const KeyRef& key, const UpdateProposal& proposal,
                                const std::optional<RecordView>& found,
                                const UnsettledWrites::Done& before) {
  const resp::Version version = found ? found->header.version : resp::Version{};
  const bool is_current = version == before.version;
  if (!is_current && !shard_.unsettled().is_settled(key.physical_key, version)) {
    answer_update(before);
    return;
  }
  UnsettledWrites::Effect effect = kept(found);
  if (before.effect != nullptr) {
    effect.reply = before.effect->reply;
    // The answer rests on what the first evaluation found, whatever has overtaken its effect.
    effect.base = before.effect->base;
  }
  // And what was evaluated upon it since then follows it still.
  const resp::Version first = before.first.epoch != 0 ? before.first : before.version;
  store_effect(key, proposal, std::move(effect), first);
}

// The record that is there, as an effect: it gets a new version only.
UnsettledWrites::Effect ShardSession::kept(const std::optional<RecordView>& found) {
  UnsettledWrites::Effect effect;
  effect.header.tombstone = true;
  if (found) {
    effect.header = found->header;
    effect.value = found->value;
  }
  return effect;
}

void ShardSession::store_effect(const KeyRef& key, const UpdateProposal& proposal,
                                UnsettledWrites::Effect effect, const resp::Version& first) {
  effect.header.version = proposal.version;
  const LargeCommand large(effect.value.size(), shard_.stats());  // An APPEND of a byte, say.
  const auto result =
      shard_.store().write(key, {effect.header, effect.value}, Role::kPrimary, shard_.now_ms());
  if (!result.ok()) {
    shard_.fail_batch(result.status());
    reply().error(shard_.refusal(result.status()));
    return;
  }
  shard_.stats().writes.add();
  if (result->version != proposal.version) shard_.stats().raised.add();
  shard_.see_clock(result->version.hlc);
  const UnsettledWrites::Done done{.existed = result->existed,
                                   .version = result->version,
                                   .before = result->before,
                                   .effect = shard_.unsettled().keep(std::move(effect)),
                                   .first = first};
  if (writer_ != 0) {
    shard_.unsettled().add(writer_, key, proposal.version, done, proposal.operation);
  }
  answer_update(done);
  shard_.commit_if_full();
}

bool ShardSession::renew(const KeyRef& key, RecordHeader& header, std::string_view value) {
  const topology::RoutingTable& table = *shard_.standing().table;
  const bool orders = table.primary(key.vnode) == shard_.standing().group;
  const bool can_spread = table.second_copy(key.vnode).kind != topology::SecondCopy::Kind::kNowhere;
  if (!orders || !can_spread || !shard_.refusal_of_writes().empty()) return true;  // As it is.
  shard_.join_batch(*this);
  // As a raised version it equals no router's proposal of this moment.
  header.version = {static_cast<uint32_t>(shard_.standing().epoch), shard_.clock_seen() + 1,
                    header.version.writer | resp::Version::kRaisedBit};
  const auto result = shard_.store().write(key, {header, value}, Role::kPrimary, shard_.now_ms());
  if (!result.ok()) {
    shard_.fail_batch(result.status());
    reply().error(shard_.refusal(result.status()));
    return false;
  }
  shard_.unsettled().add(0, key, header.version, {result->existed, result->version});
  shard_.settle_soon();  // A client waits.
  header.version = result->version;
  shard_.see_clock(header.version.hlc);
  return true;
}

// The same for what was found without its value.
bool ShardSession::renew_found(const KeyRef& key, RecordHeader& header) {
  const auto record = shard_.store().read(key);
  if (!record.ok() || !record->has_value()) {
    reply().error(
        shard_.refusal(record.ok() ? Status::corrupt("a record is gone") : record.status()));
    return false;
  }
  return renew(key, header, std::string((**record).value));
}

// Nothing is kept, but the answer tells what is there: as for a read, that must be settled.
void ShardSession::answer_unchanged(const KeyRef& key, const resp::Value& answer,
                                    const std::optional<RecordHeader>& found) {
  RecordHeader header = found.value_or(RecordHeader{});
  if (shard_.is_doubtful(header.version) && !renew_found(key, header)) return;
  const resp::Version& version = header.version;
  const bool settled = shard_.unsettled().is_settled(key.physical_key, version);
  if (settled && !answer.is(resp::Value::Kind::kError)) {
    reply().value(answer);
    return;
  }
  resp::Writer out = reply();
  out.array(2).value(answer);
  write_version(out, version);
}

void ShardSession::answer_update(const UnsettledWrites::Done& done) {
  resp::Writer out = reply();
  if (done.effect == nullptr) {
    out.array(1);
    write_version(out, done.version);
    return;
  }
  const UnsettledWrites::Effect& effect = *done.effect;
  out.array(effect.reply ? 6 : 5);
  if (effect.reply) out.value(*effect.reply);
  write_version(out, done.version);
  out.integer(effect.header.expires_at_ms);
  if (effect.header.tombstone) {
    out.null();
  } else {
    out.bulk(effect.value);
  }
  write_version_or_nil(out, effect.base);
  write_version_or_nil(out, done.first);
}

}  // namespace doris::server

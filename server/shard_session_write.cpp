// What routers write with its value, and what they say of it later. (Updates, which depend on what
// they find: shard_session_update.cpp.)
#include <fmt/format.h>

#include <cstdint>

#include "base/guard.h"
#include "resp/errors.h"
#include "resp/words.h"
#include "server/big_endian.h"
#include "server/shard_session.h"

namespace doris::server {
namespace {

using resp::parse_integer;

// A clock above this would be negative in the reply to DORIS.LINK. Wall clocks reach it in
// thousands of years, and bad peers at once.
constexpr uint64_t kProposedHlcMax = INT64_MAX;

}  // namespace

// Role, key and version of a write; the version's bytes are args[4]. Behind its `words` may stand
// the id of the operation that it is the effect of.
bool ShardSession::read_write(Args args, size_t words, KeyRef& ref, Write& write, Place& place) {
  if (!may_serve() || !read_key(args[2], args[3], ref)) return false;
  if (args.size() > words) {
    if (args[words].size() != resp::kWriteIdBytes) {
      reply().error("ERR the id of an operation has 8 bytes");
      return false;
    }
    place.operation = read_big_endian<resp::WriteId>(args[words].data());
  }
  const std::string_view role = args[1];
  const bool logs = role.starts_with('L') && parse_integer(role.substr(1), place.target);
  const bool known = role == "P" || role == "S" || role == "C" || logs;
  if (!known || args[4].size() != resp::Version::kBytes) {
    reply().error(
        "ERR a write takes a role (P, S, C, or L and a node id), a vnode, a key and a version of "
        "16 bytes");
    return false;
  }
  const resp::Version& version = write.header.version;
  if (!read_version(args[4], write.header.version)) return false;
  if (logs) return true;
  place.role = role == "P" ? Role::kPrimary : role == "S" ? Role::kSecondary : Role::kCopy;
  return role == "P" ? may_order(ref, version) : may_hold(ref, version);
}

bool ShardSession::read_version(std::string_view bytes, resp::Version& version) {
  version = resp::Version::decode(bytes.data());
  if (version.hlc <= kProposedHlcMax) return true;
  reply().error(fmt::format("ERR the version {} is too far in the future", version.text()));
  return false;
}

// Whether this is the primary replica, which gives the key's writes their order.
bool ShardSession::may_order(const KeyRef& key, const resp::Version& version) {
  if (!holds(key.vnode)) return false;
  const Standing& standing = shard_.standing();
  const bool is_primary = shard_.orders(key.vnode);
  if (is_primary && version.epoch == standing.epoch) return true;
  reply().error(fmt::format(
      "WRONGNODE {} is {}the primary of vnode {} in epoch {}; the write says "
      "epoch {}",
      shard_.options().name, is_primary ? "" : "not ", key.vnode, standing.epoch, version.epoch));
  return false;
}

// Any replica takes a write that has its place in the order.
bool ShardSession::may_hold(const KeyRef& key, const resp::Version& version) {
  if (!holds(key.vnode)) return false;
  const Standing& standing = shard_.standing();
  if (version.epoch <= standing.epoch) return true;
  reply().error(fmt::format("WRONGNODE {} is in epoch {}; the write says epoch {}",
                            shard_.options().name, standing.epoch, version.epoch));
  return false;
}

// VSET role vnode key version expires value [operation]
void ShardSession::run_set(Args args) {
  KeyRef key{};
  Write write{};
  Place place{};
  if (!read_write(args, 7, key, write, place)) return;
  if (!parse_integer(args[5], write.header.expires_at_ms) || write.header.expires_at_ms < 0) {
    reply().error(resp::kNotAnInteger);
    return;
  }
  write.value = args[6];
  apply(key, write, place);
}

// VDEL role vnode key version [operation]
void ShardSession::run_del(Args args) {
  KeyRef key{};
  Write write{};
  Place place{};
  if (!read_write(args, 5, key, write, place)) return;
  write.header.tombstone = true;
  apply(key, write, place);
}

// What was answered to the same proposal before.
const UnsettledWrites::Done* ShardSession::repeated(const KeyRef& key,
                                                    const resp::Version& proposal) {
  if (!guarded(Guard::kRepetitionsAnswered)) return nullptr;
  return shard_.unsettled().find(resp::write_id(key.physical_key, proposal));
}

// Of what has its order from this replica. What a router was refused it sends again, and what came
// behind it may be under way already, and must not be done before it: there may be room by then.
// So all that follows is refused until the router links again.
const std::string& ShardSession::refusal_of_ordered_write() {
  if (refused_.empty()) refused_ = shard_.refusal_of_writes();
  return refused_;
}

std::string ShardSession::refusal_at(const Place& place, const KeyRef& key, const Write& write) {
  if (!place.role) return shard_.refusal_of_log_write(place.target, key, write);
  return place.role == Role::kPrimary ? refusal_of_ordered_write() : shard_.refusal_of_writes();
}

void ShardSession::apply(const KeyRef& key, const Write& write, const Place& place) {
  const resp::Version& proposal = write.header.version;
  if (place.role == Role::kPrimary) {
    if (const UnsettledWrites::Done* done = repeated(key, proposal)) {
      if (shard_.batch_open()) shard_.join_batch(*this);
      answer_write(proposal, place, *done);  // It was sent again.
      return;
    }
  }
  const std::string refusal = refusal_at(place, key, write);
  if (!refusal.empty()) {
    reply().error(refusal);
    return;
  }
  shard_.join_batch(*this);
  const topology::NodeId target =
      guarded(Guard::kLogsNameTarget) ? place.target : topology::kNoNode;
  const Result<WriteResult> result =
      place.role ? shard_.store().write(key, write, *place.role, shard_.now_ms())
                 : shard_.store().log_write(target, key, write);
  if (!result.ok()) {
    shard_.fail_batch(result.status());
    reply().error(shard_.refusal(result.status()));
    return;
  }
  if (!place.role) shard_.log_gauges().wrote(place.target, result->version);
  if (place.role && is_below_floor(key, proposal, *result)) return;
  shard_.stats().writes.add();
  shard_.see_clock(result->version.hlc);
  UnsettledWrites::Done done{
      .existed = result->existed, .version = result->version, .before = result->before};
  if (place.role && result->applied) shard_.overtake(key, result->version, result->before);
  const bool is_held = result->applied || result->version == proposal;
  if (place.role && writer_ != 0 && is_held) {
    if (!result->applied) done.before = before_of(key, proposal);
    shard_.unsettled().add(writer_, key, proposal, done, place.operation);
  }
  answer_write(proposal, place, done);
  shard_.commit_if_full();
}

// What a write that was held already had found, if that matters still.
resp::Version ShardSession::before_of(const KeyRef& key, const resp::Version& version) {
  const auto* const done = shard_.unsettled().find(resp::write_id(key.physical_key, version));
  return done == nullptr ? resp::Version{} : done->before;
}

// Whether the write was kept out since it is older than the reclaimed tombstone of an absent key.
// Whoever brings it has to know: it is not here, and no newer one is.
bool ShardSession::is_below_floor(const KeyRef& key, const resp::Version& proposal,
                                  const WriteResult& result) {
  if (result.applied || result.version == proposal) return false;
  const resp::Version floor = shard_.store().floor(key.vnode);
  if (result.version != floor || floor.epoch == 0) return false;
  reply().error(fmt::format("BELOWFLOOR {} counts this key as deleted in {}, and the write has {}",
                            shard_.options().name, floor.text(), proposal.text()));
  return true;
}

void ShardSession::answer_write(const resp::Version& proposal, const Place& place,
                                const UnsettledWrites::Done& done) {
  if (place.role != Role::kPrimary || done.version == proposal) {
    reply().integer(done.existed ? 1 : 0);
    return;
  }
  shard_.stats().raised.add();
  char answer[1 + resp::Version::kBytes];
  answer[0] = done.existed ? '1' : '0';
  done.version.encode(answer + 1);
  reply().bulk({answer, sizeof(answer)});
}

// VSETTLE settled abandoned: ids of eight bytes each, big-endian. Whatever the epoch.
void ShardSession::run_settle(Args args) {
  if (args[1].size() % resp::kWriteIdBytes != 0 || args[2].size() % resp::kWriteIdBytes != 0) {
    reply().error("ERR VSETTLE takes ids of 8 bytes each");
    return;
  }
  for (size_t at = 0; at < args[1].size(); at += resp::kWriteIdBytes)
    shard_.unsettled().settle(read_big_endian<resp::WriteId>(args[1].data() + at));
  for (size_t at = 0; at < args[2].size(); at += resp::kWriteIdBytes)
    shard_.unsettled().abandon(read_big_endian<resp::WriteId>(args[2].data() + at));
  reply().simple("OK");
}

}  // namespace doris::server

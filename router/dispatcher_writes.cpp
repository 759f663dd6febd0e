// The write path: proposals, second copies, and effects of updates on their way between them.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "router/dialect.h"
#include "router/dispatcher.h"
#include "router/write_path.h"

namespace doris::router {

using topology::Group;

namespace {

// Whether anybody may have done it. Not if all who were asked have refused.
bool may_be_done(const Part& part) {
  const bool evaluated = part.update != nullptr && part.update->changes;
  return evaluated || part.in_doubt || part.primary_done || part.second.done ||
         part.outstanding > 1;
}

}  // namespace

// ---- Proposals -----------------------------------------------------------------------

// Puts an entry that was not answered, or a second copy that was not sent, where it belongs now.
void Dispatcher::reroute_write(Entry entry, Part& part) {
  const Resumption resumption = resume_write(*table_, part, entry);
  const bool asks_only = entry.waits && resumption == Resumption::kSendAgain;
  const bool proposes = entry.copy == Copy::kPrimary || resumption == Resumption::kProposeAnew;
  const bool was_proposed = part.operation != 0;
  if (resumption == Resumption::kEnd) {
    settle(entry);
  } else if (proposes && was_proposed && !asks_only &&
             loop_.now() - part.proposed_at > resp::kProposalTimeMax) {
    fail_late(entry);
  } else if (proposes && was_proposed && !asks_only && may_be_forgotten(part)) {
    fail_forgotten(entry);
  } else if (resumption == Resumption::kSendAgain) {
    place(entry);
  } else if (entry.request->done) {
    give_up(entry);
  } else {
    propose_anew(entry, part);
  }
}

void Dispatcher::on_linked(const Backend& backend, uint64_t incarnation) {
  const auto [known, is_new] = processes_.try_emplace({backend.node(), backend.shard()});
  if (!is_new && known->second.incarnation != incarnation) known->second.since = backend.gone_by();
  known->second.incarnation = incarnation;
}

// Whether the primary, as it is now, may have done it without knowing that any more.
bool Dispatcher::may_be_forgotten(const Part& part) const {
  if (!may_be_done(part) || !table_->served(part.vnode)) return false;
  const topology::Replica primary = table_->replica(part.vnode, table_->primary(part.vnode));
  const auto process = processes_.find({primary.node, primary.shard});
  return process != processes_.end() && process->second.since >= part.proposed_at;
}

void Dispatcher::fail_forgotten(const Entry& entry) {
  Request& request = *entry.request;
  request.parts[entry.part].in_doubt = true;
  if (request.error.empty()) {
    request.error = "UNKNOWN the data servers have restarted while they had the write";
  }
  give_up(entry);
}

// It was done, and the server that could tell with which reply is gone.
void Dispatcher::fail_unanswered(Request& request, Part& part) {
  part.in_doubt = true;
  part.certain = false;
  if (request.error.empty()) {
    request.error = "UNKNOWN the data server that has done it has failed before it answered";
  }
}

void Dispatcher::propose_anew(Entry entry, Part& part) {
  if (part.update == nullptr) {
    part.update = std::make_unique<UpdateState>();
    part.update->value = entry.request->value(part);
  }
  if (const auto held = order_.take_held(part)) settle(*held);  // Of the attempt before.
  // What the entries of earlier attempts have done, or do yet, will not be heard.
  part.in_doubt = may_be_done(part);
  part.update->changes = false;
  part.version = {};
  part.primary_done = false;
  part.second = {};
  part.waits = 0;
  entry.attempt = ++part.attempt;
  entry.copy = Copy::kPrimary;
  entry.waits = false;
  if (Part* const last = overwriting(part)) {
    last->overwritten.push_back(entry);
    if (last->outstanding == 0) {
      end_overwritten(*last);
    } else {
      let_follow(part);
    }
  } else {
    order_.join(part);
    place(entry);
  }
}

// What waits for the part's end, which has come. If that has failed, others may be done by now that
// came behind it: then none of these may be proposed any more.
void Dispatcher::end_overwritten(Part& by) {
  for (const Entry& entry : std::exchange(by.overwritten, {})) {
    Request& request = *entry.request;
    Part& part = request.parts[entry.part];
    if (is_on_both_copies(by)) {
      part.version = by.version;
      part.primary = by.primary;
      part.second = by.second;
      part.primary_done = true;
      part.in_doubt = false;
      settle(entry);
    } else {
      part.in_doubt = true;
      if (request.error.empty())
        request.error =
            "UNKNOWN the next write of the key, with which it was to be done, has failed";
      give_up(entry);
    }
  }
}

// A write is stamped when it is first sent to its primary, and the second copy of a blind one
// leaves at once with it: so the versions of a key's writes rise in the order in which the primary
// sees them, and a write that never left has no effect anywhere. The second copy is started before
// the first is encoded, since both may be for one backend, which notes them in the order of their
// bytes.
void Dispatcher::encode_write(const Entry& entry, Part& part, Buffer& out) {
  const Request& request = *entry.request;
  const bool to_primary = entry.copy == Copy::kPrimary;
  if (to_primary && part.version.epoch == 0) stamp(entry, part);
  const WriteRole role = assign_role(entry, part);
  if (!role.is_log()) note_replica(entry, part);
  const WriteWords words{part.vnode, request.key(part), part.version, part.operation};
  if (part.update == nullptr) {
    write_vset(out, role, words, 0, request.value(part));
  } else if (to_primary) {
    write_vrmw(out, words, part.update->kind, request.value(part));
  } else if (part.update->removes) {
    write_vdel(out, role, words);
  } else {
    write_vset(out, role, words, part.update->expires_at_ms, part.update->value);
  }
}

void Dispatcher::stamp(const Entry& entry, Part& part) {
  part.version = clock_.stamp(table_->epoch());
  KeyOrder::take_turn(part, ++turns_);
  part.asked_in = table_->epoch();
  part.primary = table_->replica(part.vnode, table_->primary(part.vnode)).node;
  if (part.operation == 0) {
    part.operation = resp::write_id(entry.request->key(part), part.version);
    part.proposed_at = loop_.now();
  }
  if (part.update != nullptr) return;
  ++part.second.under_way;
  start_entry(entry.request, entry.part, Copy::kSecond);
}

// The replica that the entry is for has to hear when the part's version is settled.
void Dispatcher::note_replica(const Entry& entry, Part& part) {
  const Group primary = table_->primary(part.vnode);
  const Group group = entry.copy == Copy::kSecond ? other_group(primary) : primary;
  const std::string_view key = entry.request->key(part);
  part.marks.push_back({table_->replica(part.vnode, group), resp::write_id(key, part.version)});
}

// In which role the write is taken where it goes now.
WriteRole Dispatcher::assign_role(const Entry& entry, Part& part) const {
  if (entry.copy == Copy::kPrimary) return WriteRole::primary();
  const topology::SecondCopy second = table_->second_copy(part.vnode);
  const bool logged = second.kind == topology::SecondCopy::Kind::kLog;
  part.second.node = second.where.node;
  part.second.logged_for = logged ? second.target : topology::kNoNode;
  return logged ? WriteRole::log_of(second.target) : WriteRole::secondary();
}

// ---- Answers -------------------------------------------------------------------------

bool Dispatcher::absorb_write(const Entry& entry, Part& part, const resp::Reply& reply) {
  if (entry.copy == Copy::kSecond) {
    part.second.done = part.second.under_way == 0;
    part.second.below_floor = false;
    return true;  // It says nothing else that is new.
  }
  if (part.update != nullptr) return absorb_update(entry, part, reply);
  if (reply.kind == resp::Value::Kind::kInteger) {
    part.primary_done = true;
    return true;
  }
  bool existed = false;
  resp::Version raised;
  if (!read_raised(reply.text, existed, raised)) {
    entry.request->error = "ERR a data server answered a write in an unknown form";
    part.in_doubt = true;
    part.certain = false;
    return true;
  }
  take_version(entry, part, raised);
  spread(entry, part);
  return true;
}

void Dispatcher::take_version(const Entry& entry, Part& part, const resp::Version& version) {
  part.version = version;
  clock_.merge(version.hlc);
  note_replica(entry, part);
}

// Whether the entry is over.
bool Dispatcher::absorb_update(const Entry& entry, Part& part, const resp::Reply& reply) {
  UpdateState& update = *part.update;
  if (entry.waits) {
    if (update.changes && part.asked_in != table_->epoch()) {
      reroute(entry);
    } else if (reply.integer == 0) {
      wait_until_settled(entry, part);
    } else if (update.changes && !entry.request->done && !entry.request->failed()) {
      update.base = {};
      return spread_in_turn(entry, part);
    } else {
      part.certain = part.certain && !update.changes;
      return true;
    }
    return false;
  }
  UpdateAnswer answer;
  if (!read_update(reply, answer)) {
    entry.request->error = "ERR a data server answered an update in an unknown form";
    part.in_doubt = true;
    part.certain = false;
    return true;
  }
  if (answer.reply) {
    update.reply = *std::move(answer.reply);
    update.answered = true;
  } else if (entry.request->verb == Verb::kUpdate && !update.answered) {
    fail_unanswered(*entry.request, part);
    return true;
  }
  part.count = update.reply.integer;
  update.changes = answer.changes;
  if (!answer.changes) {
    part.unsettled = answer.version;
    if (answer.version.epoch == 0) return true;
    wait_until_settled(entry, part);
    return false;
  }
  update.base = answer.base;
  if (answer.has_effect) {
    update.removes = answer.removes;
    update.expires_at_ms = answer.expires_at_ms;
    keep_effect(*entry.request, part, std::move(answer.value));
  }
  take_version(entry, part, answer.version);
  if (update.dropped) {
    part.certain = false;
    return true;
  }
  if (update.base.epoch == 0) return spread_in_turn(entry, part);
  wait_until_settled(entry, part);
  return false;
}

// APPEND of a byte brings back all that is there: what was counted when it was proposed says
// nothing of that. When all such values are too much, the next ones are not kept: the data servers
// settle those writes between themselves, and the client is told that it is not known.
void Dispatcher::keep_effect(Request& request, Part& part, std::string value) {
  forget_effect(part);
  UpdateState& update = *part.update;
  const bool has_grown = value.size() > kEntryBytes + part.value_bytes;
  const bool no_room = has_grown && effect_bytes_ >= options_.backend.queue_bytes_max;
  if (no_room || update.dropped) {
    // For good: asked again, the primary may count on it that the effect was kept.
    update.dropped = true;
    if (request.error.empty()) request.error = overloaded_by_effects();
    return;
  }
  update.value = std::move(value);
  if (!has_grown) return;
  update.held_bytes = update.value.size();
  effect_bytes_ += update.held_bytes;
}

void Dispatcher::forget_effect(Part& part) {
  if (part.update == nullptr || part.update->held_bytes == 0) return;
  effect_bytes_ -= std::exchange(part.update->held_bytes, 0);
  std::string().swap(part.update->value);  // An assignment would keep the memory.
}

// The second copy is to have what the primary has. If that has lost its role since it was asked,
// the write is proposed anew.
void Dispatcher::spread(const Entry& entry, Part& part) {
  part.primary_done = true;
  part.second.done = false;
  ++part.second.under_way;
  ++entry.request->outstanding;
  ++part.outstanding;
  Entry second = entry;
  second.copy = Copy::kSecond;
  second.waits = false;
  reroute_write(second, part);
  if (part.primary_done) let_follow(part);
}

// ---- In the order of the commands ----------------------------------------------------

// Spreads an effect, once nothing before it holds it back: were the primary lost now, that would
// be evaluated anew, after this one. Whether the entry is over.
bool Dispatcher::spread_in_turn(const Entry& entry, Part& part) {
  if (!order_.holds_back(part, KeyOrder::Step::kSpread)) {
    spread(entry, part);
    return true;
  }
  if (part.asked_in != table_->epoch()) {
    reroute_write(entry, part);
  } else {
    order_.hold(part, KeyOrder::Step::kSpread, entry);
  }
  return false;
}

// The part is answered, and its effect, if it has one, on its way: what waited behind it goes.
void Dispatcher::let_follow(Part& part) {
  for (const Entry& entry : order_.leave(part))
    go_on(entry);
}

void Dispatcher::go_on(const Entry& entry) {
  Part& part = entry.request->parts[entry.part];
  if (part.held_whole) {
    reroute(entry);
  } else if (entry.request->done || entry.request->failed()) {
    give_up(entry);
  } else {
    spread(entry, part);
    settle(entry);
  }
}

// ---- The end -------------------------------------------------------------------------

// How the part has ended.
void Dispatcher::tell_replicas(Part& part) {
  for (const Mark& mark : part.marks) {
    if (Backend* backend = backend_at(mark.where)) backend->settle(mark.id, part.certain);
  }
  part.marks.clear();
}

}  // namespace doris::router

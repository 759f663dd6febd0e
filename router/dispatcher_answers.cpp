// What becomes of the answers of data servers.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/guard.h"
#include "router/dialect.h"
#include "router/dispatcher.h"
#include "router/write_path.h"

namespace doris::router {
namespace {

using topology::Group;

constexpr uint32_t kWaitsAtOnce = 3;  // Most writes are settled within a round trip or two.
constexpr Millis kWaitPause{1};

constexpr Millis kRefusalPause{50};
constexpr uint32_t kRefusalsMax = 30;

}  // namespace

void Dispatcher::on_reply(Backend& backend, const Entry& entry, const resp::Reply& reply) {
  if (entry.attempt != entry.request->parts[entry.part].attempt) {
    settle(entry);  // Another attempt of the same write goes on.
    return;
  }
  const bool failed = reply.kind == resp::Value::Kind::kError;
  const bool second = is_write(entry.request->verb) && entry.copy == Copy::kSecond;
  if (failed && second && waits_refused(entry, reply.text)) {
    if (refused_.empty()) retrier_->start(kRefusalPause);
    refused_.add(entry);
    return;
  }
  if (second) --entry.request->parts[entry.part].second.under_way;
  if (failed) {
    if (second && entry.request->parts[entry.part].update == nullptr &&
        is_below_floor(reply.text)) {
      note_below_floor(entry);
      return;
    }
    if (entry.request->error.empty()) {
      entry.request->error = fmt::format("{} [data server {}]", reply.text, backend.name());
    }
    give_up(entry);
  } else if (absorb(entry, reply)) {
    settle(entry);
  }
}

// A blind write's second copy leaves before it is known whether the primary raises the version. If
// it does, that one goes to the second copy, too, and what that has made of this one is of no
// matter (end_part).
void Dispatcher::note_below_floor(const Entry& entry) {
  SecondSent& second = entry.request->parts[entry.part].second;
  second.done = false;
  second.below_floor = true;
  settle(entry);
}

// A refused entry is worth another try if its server may soon be failed over.
BackendHost::Refusal Dispatcher::patience_with(const Entry& entry) {
  Request& request = *entry.request;
  Part& part = request.parts[entry.part];
  if (request.done || request.verb == Verb::kCount || entry.attempt != part.attempt) {
    return Refusal::kAnswer;
  }
  const bool has_other =
      table_->is_up(part.vnode, Group::kA) && table_->is_up(part.vnode, Group::kB);
  if (!has_other) return Refusal::kAnswer;
  return ++part.refusals < kRefusalsMax ? Refusal::kWait : Refusal::kInVain;
}

// A second copy that was refused is sent again in a while, unless too many wait for that.
bool Dispatcher::waits_refused(const Entry& entry, std::string_view error) {
  return ends_by_failover(error) && refused_.bytes() < options_.backend.queue_bytes_max &&
         patience_with(entry) == Refusal::kWait;
}

// A second copy has its place in the order already, and need hold nobody up (on_reply).
BackendHost::Refusal Dispatcher::judge_refusal(const Entry& entry) {
  const bool second = is_write(entry.request->verb) && entry.copy == Copy::kSecond;
  return second ? Refusal::kAnswer : patience_with(entry);
}

// Whether the entry is over.
bool Dispatcher::absorb(const Entry& entry, const resp::Reply& reply) {
  Part& part = entry.request->parts[entry.part];
  if (is_write(entry.request->verb)) return absorb_write(entry, part, reply);
  if (entry.request->verb == Verb::kCount) {
    part.count = reply.integer;
    return true;
  }
  return absorb_read(entry, part, reply);
}

bool Dispatcher::absorb_read(const Entry& entry, Part& part, const resp::Reply& reply) {
  const bool gets = entry.request->verb == Verb::kGet;
  if (entry.waits && reply.kind == resp::Value::Kind::kNull) {
    reroute(entry);  // Nobody can say: it may not have been done.
    return false;
  }
  if (entry.waits && reply.integer == 0) {
    wait_until_settled(entry, part);
    return false;
  }
  if (!entry.waits && read_unsettled(reply, part.unsettled)) {
    const resp::Value& found = reply.tree.items[0];
    part.count = found.integer;
    part.found = gets && found.is(resp::Value::Kind::kBulk);
    part.value = found.text;
    wait_until_settled(entry, part);
    return false;
  }
  if (!may_be_shown(entry, part)) return false;
  if (entry.waits) {
    if (gets && part.found) deliver(entry, part, part.value);
    return true;
  }
  part.count = reply.integer;
  part.found = gets && reply.kind == resp::Value::Kind::kBulk;
  if (part.found) deliver(entry, part, reply.text);
  return true;
}

// Whether the read's answer has its turn. If not, it will be read anew, in its turn.
bool Dispatcher::may_be_shown(Entry entry, Part& part) {
  if (entry.request->done) return true;  // To nobody.
  if (part.asked_as < part.outdated_by) {
    reroute(entry);
    return false;
  }
  if (!order_.holds_back(part, KeyOrder::Step::kShow)) return true;
  entry.waits = false;
  order_.hold(part, KeyOrder::Step::kAsk, entry);
  return false;
}

void Dispatcher::deliver(const Entry& entry, Part& part, std::string_view value) {
  Request& request = *entry.request;
  if (!request.done && request.owner != nullptr) request.owner->on_value(request, part, value);
}

// It asks whom it has asked before: to another server the write may be unknown, and settled for
// that reason.
void Dispatcher::wait_until_settled(Entry entry, Part& part) {
  entry.waits = true;
  if (part.asked_in != table_->epoch()) {
    reroute(entry);
  } else if (++part.waits <= kWaitsAtOnce) {
    place(entry);
  } else {
    if (waiting_.empty()) asker_->start(kWaitPause);
    waiting_.push_back(entry);
  }
}

void Dispatcher::ask_again() {
  for (const Entry& entry : std::exchange(waiting_, {})) {
    if (entry.request->done) {
      give_up(entry);
    } else {
      place(entry);
    }
  }
}

// The entry is over, and whether its server has done what it asked is not known.
void Dispatcher::give_up(const Entry& entry) {
  entry.request->parts[entry.part].certain = false;
  settle(entry);
}

// The entry is over.
void Dispatcher::settle(const Entry& entry) {
  Request* request = entry.request;
  Part& part = request->parts[entry.part];
  DORIS_CHECK(part.outstanding > 0, "an entry was settled twice");
  if (--part.outstanding == 0) end_part(*request, part);
  --request->outstanding;
  const bool one_will_do = !guarded(Guard::kSecondCopyAwaited) && part.primary_done;
  if (!request->done && (request->outstanding == 0 || one_will_do)) {
    finish(request);
  } else if (request->outstanding == 0 && request->done && request->owner == nullptr) {
    pool_.give(request);
  }
}

// Nothing of the part is on its way any more.
void Dispatcher::end_part(Request& request, Part& part) {
  let_follow(part);
  if (part.second.below_floor) {
    part.certain = false;
    if (request.error.empty()) request.error = below_floor_error(part);
  }
  forget_effect(part);
  tell_replicas(part);
  end_overwritten(part);
}

std::string Dispatcher::below_floor_error(const Part& part) const {
  const topology::Node* const node = table_->topology().find(part.second.node);
  return fmt::format(
      "BELOWFLOOR the second copy at {} counts the key as deleted in a higher version than the "
      "write has",
      node != nullptr ? node->name : "a node that has left");
}

void Dispatcher::finish(Request* request) {
  request->done = true;
  if (request->failed() && std::ranges::any_of(request->parts, may_have_effect)) {
    request->error += "; it may or may not take effect";
  }
  (request->older != nullptr ? request->older->newer : oldest_) = request->newer;
  (request->newer != nullptr ? request->newer->older : newest_) = request->older;
  request->older = request->newer = nullptr;
  for (Part& part : request->parts) {
    if (!part.held) let_follow(part);  // It is not proposed anew any more.
  }
  if (request->owner != nullptr) request->owner->on_request_done(*request);
}

void Dispatcher::release(Request* request) {
  request->owner = nullptr;
  const bool listed = request == oldest_ || request->older != nullptr;
  if (listed) finish(request);
  request->done = true;
  if (request->outstanding == 0) pool_.give(request);
}

}  // namespace doris::router

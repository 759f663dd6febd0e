#include "router/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/guard.h"
#include "router/dialect.h"
#include "router/write_path.h"

namespace doris::router {
namespace {

using topology::Group;

constexpr Millis kTick{50};
constexpr Millis kOversleepMin{500};  // Less is not worth to be made up for.

}  // namespace

Dispatcher::Dispatcher(net::Loop& loop, const Clock& clock, Random& random, Options options,
                       Callbacks callbacks)
    : loop_(loop),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      random_(random),
      clock_(clock, options_.backend.writer) {
  asker_ = loop_.timer([this] { ask_again(); });
  retrier_ = loop_.timer([this] { reroute_all(refused_.take_all()); });
  ticker_ = loop_.timer([this] { check_deadlines(); });
  ticker_->start(kTick, kTick);
  ticked_at_ = loop_.now();
}

Dispatcher::~Dispatcher() {
  // Whoever waits has gone: the worker ends its sessions first. What is left is ours.
  while (oldest_ != nullptr)
    release(oldest_);
  for (const Entry& entry : order_.take_held())
    give_up(entry);
  for (auto& shards : backends_) {
    for (auto& backend : shards) {
      if (backend != nullptr) backend->abandon();
    }
  }
  for (const std::vector<Entry>& entries : {parked_.take_all(), waiting_, refused_.take_all()}) {
    for (const Entry& entry : entries)
      give_up(entry);
  }
}

// ---- Sending -------------------------------------------------------------------------

bool Dispatcher::submit(Request* request) {
  DORIS_CHECK(request->owner != nullptr && !request->parts.empty(), "an empty request");
  request->sequence = ++sequence_;
  for (Part& part : request->parts)
    part.request = request;
  if (!may_start(*request)) {
    request->done = true;
    return false;
  }
  request->deadline = loop_.now() + options_.backend.request_timeout;
  request->older = newest_;
  (newest_ != nullptr ? newest_->newer : oldest_) = request;
  newest_ = request;

  for (uint32_t i = 0; i < request->parts.size(); ++i) {
    Part& part = request->parts[i];
    const bool reads = request->verb == Verb::kGet || request->verb == Verb::kHas;
    if (reads || request->verb == Verb::kUpdate) order_.join(part);
    // A write's second copy follows when its primary is sent to.
    start_entry(request, i, reads ? copy_to_read(part.vnode) : Copy::kPrimary);
  }
  return true;
}

// A request is refused whole, before anything of it was sent.
bool Dispatcher::may_start(Request& request) {
  for (uint32_t i = 0; i < request.parts.size(); ++i) {
    const UpdateState* const update = request.parts[i].update.get();
    const bool grows = update != nullptr && update->kind == resp::Update::kAppend;
    if (grows && effect_bytes_ >= options_.backend.queue_bytes_max) {
      request.error = overloaded_by_effects();
      return false;
    }
    if (!may_wait(request, request.parts[i])) return false;
    if (!may_send(request, {&request, i, Copy::kPrimary})) return false;
    if (is_write(request.verb) && !may_send(request, {&request, i, Copy::kSecond})) return false;
  }
  return true;
}

// Whether there is room for the part if it has to wait for others of its key.
bool Dispatcher::may_wait(Request& request, const Part& part) const {
  if (order_.held_bytes() < options_.backend.queue_bytes_max) return true;
  if (request.verb == Verb::kCount || !order_.holds_back(part, KeyOrder::Step::kAsk)) return true;
  request.error = fmt::format(
      "OVERLOADED requests that wait for others of the same key are too many ({} bytes); try again "
      "later",
      order_.held_bytes());
  return false;
}

std::string Dispatcher::overloaded_by_effects() const {
  return fmt::format(
      "OVERLOADED values that updates have made, and that wait for their second copies, are too "
      "many ({} bytes); try again later",
      effect_bytes_);
}

bool Dispatcher::may_send(Request& request, const Entry& entry) {
  const Part& part = request.parts[entry.part];
  const Backend* const target = find_backend(entry);
  if (target != nullptr) {
    if (target->accepts_more()) return true;
    request.error =
        fmt::format("OVERLOADED the queue to data server {} is full ({} bytes); try again later",
                    target->name(), target->queued_bytes());
    return false;
  }
  if (request.verb == Verb::kCount) {
    request.error =
        "CLUSTERDOWN data servers of both groups have failed: the keys cannot be counted";
    return false;
  }
  if (entry.copy != Copy::kPrimary && table_->served(part.vnode)) {
    request.error = no_second_error(part.vnode);
    return false;
  }
  // A vnode that nobody serves: its requests are parked until somebody does.
  if (parked_.bytes() < options_.backend.queue_bytes_max) return true;
  request.error = fmt::format(
      "OVERLOADED requests that wait for keys of which both data servers have failed are too many "
      "({} bytes); try again later",
      parked_.bytes());
  return false;
}

std::string Dispatcher::no_second_error(topology::Vnode vnode) const {
  return fmt::format(
      "NOREPLICAS {} has failed, no other server keeps its updates, and degraded-writes is no",
      table_->topology().find(table_->second_copy(vnode).target)->name);
}

void Dispatcher::start_entry(Request* request, uint32_t part, Copy copy) {
  ++request->outstanding;
  ++request->parts[part].outstanding;
  place({request, part, copy, request->parts[part].attempt});
}

void Dispatcher::place(const Entry& entry) {
  Part& part = entry.request->parts[entry.part];
  const Verb verb = entry.request->verb;
  const bool begins = is_write(verb) ? entry.copy == Copy::kPrimary : verb != Verb::kCount;
  Backend* const target = find_backend(entry);
  if (begins && !entry.waits && order_.holds_back(part, KeyOrder::Step::kAsk)) {
    order_.hold(part, KeyOrder::Step::kAsk, entry);
  } else if (target != nullptr) {
    target->send(entry);
  } else {
    parked_.add(entry);
  }
}

void Dispatcher::reroute_all(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries)
    reroute(entry);
}

// A request whose owner was told that it failed is not sent again, but a write that its
// primary has committed still reaches the second copy, if that primary is the one still.
void Dispatcher::reroute(const Entry& entry) {
  Request& request = *entry.request;
  Part& part = request.parts[entry.part];
  const bool writes = is_write(request.verb);
  if (request.deadline <= loop_.now()) forgive_oversleep();
  const bool late = request.done || request.deadline <= loop_.now();
  if (late && !(writes && part.primary_done)) {
    fail_late(entry);
  } else if (!guarded(Guard::kSecondCopySent) && writes && entry.copy == Copy::kSecond) {
    settle(entry);
  } else if (writes) {
    reroute_write(entry, part);
  } else if (request.verb != Verb::kCount) {
    read_anew(entry, part);
  } else if (Backend* target = find_backend(entry); target != nullptr) {
    target->send(entry);
  } else {
    request.error = "CLUSTERDOWN the data servers changed while they counted; try again";
    settle(entry);
  }
}

// Another server may answer.
void Dispatcher::read_anew(Entry entry, Part& part) {
  part.asked_again = part.asked_as != 0;
  part.waits = 0;
  entry.copy = copy_to_read(part.vnode);
  entry.waits = false;
  place(entry);
}

void Dispatcher::fail_late(const Entry& entry) {
  Request& request = *entry.request;
  if (request.error.empty()) request.error = timeout_error(request);
  give_up(entry);
}

void Dispatcher::encode(const Entry& entry, Buffer& out) {
  Request& request = *entry.request;
  Part& part = request.parts[entry.part];
  if (entry.waits) {
    encode_question(part, request.key(part), out);
    return;
  }
  if (!is_write(request.verb)) {
    part.asked_in = table_->epoch();
    part.asked_as = ++turns_;
    if (part.turn == 0) part.turn = part.asked_as;
  }
  switch (request.verb) {
    case Verb::kGet:
      write_vget(out, part.vnode, request.key(part));
      break;
    case Verb::kHas:
      write_vhas(out, part.vnode, request.key(part));
      break;
    case Verb::kCount:
      write_vcount(out, request.key(part), request.value(part));
      break;
    case Verb::kSet:
    case Verb::kUpdate:
      encode_write(entry, part, out);
      break;
  }
}

// Whether the answer that it has may be shown, or an effect spread.
void Dispatcher::encode_question(const Part& part, std::string_view key, Buffer& out) {
  if (part.update != nullptr && part.update->changes) {
    write_vbase(out, part.vnode, key, part.update->base);
  } else {
    write_vwait(out, part.vnode, key, part.unsettled);
  }
}

void Dispatcher::report(const Backend& backend, const std::string& why) {
  const topology::Node* const node = table_->topology().find(backend.node());
  if (node != nullptr) callbacks_.report(node->name, why);
}

// ---- Deadlines -----------------------------------------------------------------------

// This program was frozen, or got no time to run: the data servers may have answered long ago, or
// have given up this connection, and another one serves a read at once. So nobody is told that they
// were silent before they had the time. (A write is not proposed anew for that: kProposalTimeMax.)
bool Dispatcher::forgive_oversleep() {
  const TimePoint now = loop_.now();
  const auto overslept = now - ticked_at_ - kTick;
  if (overslept < kOversleepMin) return false;
  ticked_at_ = now;
  for (Request* request = oldest_; request != nullptr; request = request->newer)
    request->deadline += overslept;
  return true;
}

void Dispatcher::check_deadlines() {
  if (forgive_oversleep()) return;  // What has come meanwhile is read first.
  const TimePoint now = loop_.now();
  ticked_at_ = now;
  while (oldest_ != nullptr && oldest_->deadline <= now) {
    Request* late = oldest_;
    if (late->error.empty()) late->error = timeout_error(*late);
    finish(late);
  }
  for (const Entry& entry : parked_.take_overdue(now))
    give_up(entry);
  for (auto& shards : backends_) {
    for (auto& backend : shards)
      backend->check(now);
  }
}

std::string Dispatcher::timeout_error(Request& request) {
  const bool write = is_write(request.verb);
  uint32_t index = 0;  // Of the first part that waits.
  while (request.parts[index].outstanding == 0)
    ++index;
  const Part& part = request.parts[index];
  const TimePoint asked = request.deadline - options_.backend.request_timeout;
  const auto waited = (loop_.now() - asked) / Millis{1};
  const bool half_done = write && part.primary_done;
  const Backend* found =
      find_backend({&request, index, half_done ? Copy::kSecond : Copy::kPrimary});
  if (found == nullptr && half_done && table_->served(part.vnode)) {
    return fmt::format("{}; waited {} ms", no_second_error(part.vnode), waited);
  }
  if (found == nullptr) {
    return fmt::format("CLUSTERDOWN both data servers of vnode {} have failed; waited {} ms",
                       part.vnode, waited);
  }
  const Backend& silent = *found;
  const std::string_view trouble = silent.trouble();
  const std::string_view why = trouble.empty() ? "no answer" : trouble;
  if (!write) {
    return fmt::format("CLUSTERDOWN data server {} did not answer within {} ms: {}", silent.name(),
                       waited, why);
  }
  return fmt::format("TIMEOUT data server {} {} the write within {} ms ({})", silent.name(),
                     part.operation == 0 ? "could not be sent" : "did not confirm", waited, why);
}

size_t Dispatcher::queued() const {
  size_t sum = parked_.size() + refused_.size() + order_.held();
  for (const auto& shards : backends_) {
    for (const auto& backend : shards)
      sum += backend->queued();
  }
  return sum;
}

uint64_t Dispatcher::queued_bytes() const {
  uint64_t sum = parked_.bytes() + refused_.bytes() + order_.held_bytes();
  for (const auto& shards : backends_) {
    for (const auto& backend : shards)
      sum += backend->queued_bytes();
  }
  return sum;
}

}  // namespace doris::router

#include "router/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "router/dialect.h"
#include "router/write_path.h"

namespace doris::router {
namespace {

using topology::Group;

constexpr Millis kTick{50};
constexpr uint32_t kWaitsAtOnce = 3;  // Most writes are settled within a round trip or two.
constexpr Millis kWaitPause{1};

// A shard whose disk is full, or damaged, is failed over if the other copy is sound.
constexpr Millis kRefusalPause{50};
constexpr uint32_t kRefusalsMax = 30;

bool ends_by_failover(std::string_view error) {
  return error.starts_with("DISKFULL") || error.starts_with("SHARDDOWN");
}

}  // namespace

Dispatcher::Dispatcher(net::Loop& loop, const Clock& clock, Random& random, Options options,
                       Callbacks callbacks)
    : loop_(loop),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      random_(random),
      clock_(clock, options_.backend.writer) {
  asker_ = loop_.timer([this] { ask_again(); });
  retrier_ = loop_.timer([this] { reroute_all(refused_); });
  ticker_ = loop_.timer([this] { check_deadlines(); });
  ticker_->start(kTick, kTick);
}

Dispatcher::~Dispatcher() {
  // Whoever waits has gone: the worker ends its sessions first. What is left is ours.
  while (oldest_ != nullptr)
    release(oldest_);
  for (auto& shards : backends_) {
    for (auto& backend : shards) {
      if (backend != nullptr) backend->abandon();
    }
  }
  for (const std::vector<Entry>& entries : {parked_, waiting_reads_, refused_}) {
    for (const Entry& entry : entries)
      give_up(entry);
  }
}

// ---- Topology ------------------------------------------------------------------------

void Dispatcher::adopt(topology::RoutingTablePtr table) {
  if (table_ != nullptr && table->epoch() <= table_->epoch()) return;
  table_ = std::move(table);
  std::vector<std::unique_ptr<Backend>> retired;
  for (auto& shards : backends_) {
    for (auto& backend : shards) {
      const topology::Node* node = table_->topology().find(backend->node());
      const bool kept = node != nullptr && table_->contacted(node->id) && backend->serves(*node);
      if (!kept) retired.push_back(std::move(backend));
    }
    std::erase(shards, nullptr);
  }
  update_backends();
  // First everybody goes over to the new epoch, so that nothing of it is sent on a connection
  // that speaks for the old one; then what has waited longest finds its place, then what is
  // retired hands over its entries.
  for (auto& shards : backends_) {
    for (auto& backend : shards)
      backend->on_new_table();
  }
  reroute_all(parked_);
  reroute_all(refused_);
  // What a read waits for may be unknown to another server, and settled there for that reason.
  reroute_all(waiting_reads_);
  for (auto& backend : retired)
    backend->retire();
}

// Makes the backends that the table asks for and that are not there yet.
void Dispatcher::update_backends() {
  for (const topology::Node& node : table_->topology().nodes) {
    if (!table_->contacted(node.id)) continue;
    if (backends_.size() <= node.id) backends_.resize(node.id + 1U);
    auto& shards = backends_[node.id];
    for (auto shard = static_cast<uint8_t>(shards.size()); shard < node.shards; ++shard) {
      BackendHost& host = *this;
      shards.push_back(
          std::make_unique<Backend>(loop_, random_, host, options_.backend, node, shard));
    }
  }
}

Backend* Dispatcher::backend_at(const topology::Replica& where) {
  if (where.node >= backends_.size() || where.shard >= backends_[where.node].size()) return nullptr;
  return backends_[where.node][where.shard].get();
}

Backend* Dispatcher::backend(topology::Vnode vnode, Group group) {
  return backend_at(table_->replica(vnode, group));
}

// Where the entry belongs now; nullptr if that is nowhere.
Backend* Dispatcher::find_backend(const Entry& entry) {
  const Request& request = *entry.request;
  const Part& part = request.parts[entry.part];
  if (request.verb == Verb::kCount) {
    return backend_at({part.node, static_cast<uint8_t>(part.vnode)});
  }
  if (!table_->served(part.vnode)) return nullptr;
  const Group primary = table_->primary(part.vnode);
  if (entry.copy != Copy::kSecond) return backend(part.vnode, primary);
  if (!is_write(request.verb)) return backend(part.vnode, other_group(primary));
  const topology::SecondCopy second = table_->second_copy(part.vnode);
  return second.kind == topology::SecondCopy::Kind::kNowhere ? nullptr : backend_at(second.where);
}

Copy Dispatcher::copy_to_read(topology::Vnode vnode) {
  const Group primary = table_->primary(vnode);
  if (options_.read_policy == ReadPolicy::kPrimary || !table_->served(vnode)) return Copy::kPrimary;
  if (backend(vnode, primary)->ready()) return Copy::kPrimary;
  const bool other_serves =
      table_->is_up(vnode, other_group(primary)) && backend(vnode, other_group(primary))->ready();
  return other_serves ? Copy::kSecond : Copy::kPrimary;
}

// Group a, unless one of its shards cannot be asked now.
Group Dispatcher::countable_group() const {
  for (const topology::Node& node : table_->topology().nodes) {
    if (node.group != Group::kA || table_->owned(node.id) == 0) continue;
    if (node.state != topology::NodeState::kUp || backends_.size() <= node.id) return Group::kB;
    const auto is_ready = [](const auto& backend) { return backend->ready(); };
    if (!std::ranges::all_of(backends_[node.id], is_ready)) return Group::kB;
  }
  return Group::kA;
}

// ---- Sending -------------------------------------------------------------------------

bool Dispatcher::submit(Request* request) {
  DORIS_CHECK(request->owner != nullptr && !request->parts.empty(), "an empty request");
  if (!may_start(*request)) return false;
  request->deadline = loop_.now() + options_.backend.request_timeout;
  request->older = newest_;
  (newest_ != nullptr ? newest_->newer : oldest_) = request;
  newest_ = request;

  for (uint32_t i = 0; i < request->parts.size(); ++i) {
    const bool reads = request->verb == Verb::kGet || request->verb == Verb::kHas;
    // A write's second copy follows when its primary is sent to.
    start_entry(request, i, reads ? copy_to_read(request->parts[i].vnode) : Copy::kPrimary);
  }
  return true;
}

// A request is refused whole, before anything of it was sent.
bool Dispatcher::may_start(Request& request) {
  for (uint32_t i = 0; i < request.parts.size(); ++i) {
    if (!may_send(request, {&request, i, Copy::kPrimary})) return false;
    if (is_write(request.verb) && !may_send(request, {&request, i, Copy::kSecond})) return false;
  }
  return true;
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
  // A vnode that nobody serves: its requests are parked until somebody does.
  if (entry.copy == Copy::kPrimary || !table_->served(part.vnode)) return true;
  request.error = fmt::format(
      "NOREPLICAS {} has failed, no other server keeps its updates, and degraded-writes is no",
      table_->topology().find(table_->second_copy(part.vnode).target)->name);
  return false;
}

void Dispatcher::start_entry(Request* request, uint32_t part, Copy copy) {
  ++request->outstanding;
  ++request->parts[part].outstanding;
  place({request, part, copy, request->parts[part].attempt});
}

void Dispatcher::place(const Entry& entry) {
  Backend* const target = find_backend(entry);
  if (target != nullptr) {
    target->send(entry);
  } else {
    parked_.push_back(entry);
  }
}

void Dispatcher::reroute_all(std::vector<Entry>& entries) {
  for (const Entry& entry : std::exchange(entries, {}))
    reroute(entry);
}

// A request whose owner was told that it failed is not sent again, but a write that its
// primary has committed still reaches the second copy.
void Dispatcher::reroute(const Entry& entry) {
  Request& request = *entry.request;
  Part& part = request.parts[entry.part];
  const bool half_done = is_write(request.verb) && part.primary_done;
  const bool late = request.done || request.deadline <= loop_.now();
  if (late && !half_done) {
    // Also when this program was frozen and nobody has looked at the deadline yet: data servers
    // rely on it that nothing is proposed anew after it.
    if (request.error.empty()) request.error = timeout_error(request);
    give_up(entry);
  } else if (is_write(request.verb)) {
    reroute_write(entry, part);
  } else if (request.verb != Verb::kCount) {
    Entry moved = entry;
    moved.copy = copy_to_read(part.vnode);
    moved.waits = false;  // It reads anew: another server may answer.
    part.waits = 0;
    place(moved);
  } else if (Backend* target = find_backend(entry); target != nullptr) {
    target->send(entry);
  } else {
    request.error = "CLUSTERDOWN the data servers changed while they counted; try again";
    settle(entry);
  }
}

void Dispatcher::reroute_write(Entry entry, Part& part) {
  switch (resume_write(*table_, part, entry)) {
    case Resumption::kEnd:
      settle(entry);
      break;
    case Resumption::kSendAgain:
      place(entry);
      break;
    case Resumption::kProposeAnew:
      part.version = {};
      part.primary_done = false;
      entry.attempt = ++part.attempt;
      entry.copy = Copy::kPrimary;
      place(entry);
      break;
    case Resumption::kCopyToBoth:
      part.primary = table_->replica(part.vnode, table_->primary(part.vnode)).node;
      start_entry(entry.request, entry.part, Copy::kPrimaryCopy);
      entry.copy = Copy::kSecond;
      place(entry);
      break;
  }
}

void Dispatcher::encode(const Entry& entry, Buffer& out) {
  Request& request = *entry.request;
  Part& part = request.parts[entry.part];
  if (entry.waits) {
    write_vwait(out, part.vnode, request.key(part), part.unsettled);
    return;
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
    case Verb::kDel:
      encode_write(entry, part, out);
      break;
  }
}

// A write is stamped when it is first sent to its primary, and the second copy leaves at once
// with it: so the versions of a key's writes rise in the order in which the primary sees them,
// and a write that never left has no effect anywhere. The second copy is started before the first
// is encoded, since both may be for one backend, which notes them in the order of their bytes.
void Dispatcher::encode_write(const Entry& entry, Part& part, Buffer& out) {
  Request& request = *entry.request;
  if (entry.copy == Copy::kPrimary && part.version.epoch == 0) {
    part.version = clock_.stamp(table_->epoch());
    part.primary = table_->replica(part.vnode, table_->primary(part.vnode)).node;
    start_entry(&request, entry.part, Copy::kSecond);
  }
  const WriteRole role = role_of(entry);
  if (!role.is_log()) note_replica(entry, part);
  if (request.verb == Verb::kSet) {
    write_vset(out, role, part.vnode, request.key(part), part.version, request.value(part));
  } else {
    write_vdel(out, role, part.vnode, request.key(part), part.version);
  }
}

// The replica that the entry is for has to hear when the part's version is settled.
void Dispatcher::note_replica(const Entry& entry, Part& part) {
  const Group primary = table_->primary(part.vnode);
  const Group group = entry.copy == Copy::kSecond ? other_group(primary) : primary;
  const std::string_view key = entry.request->key(part);
  part.marks.push_back({table_->replica(part.vnode, group), resp::write_id(key, part.version)});
}

WriteRole Dispatcher::role_of(const Entry& entry) const {
  if (entry.copy == Copy::kPrimary) return WriteRole::primary();
  const Part& part = entry.request->parts[entry.part];
  const topology::SecondCopy second = table_->second_copy(part.vnode);
  const bool logged =
      entry.copy == Copy::kSecond && second.kind == topology::SecondCopy::Kind::kLog;
  return logged ? WriteRole::log_of(second.target) : WriteRole::secondary();
}

void Dispatcher::report(const Backend& backend, const std::string& why) {
  const topology::Node* const node = table_->topology().find(backend.node());
  if (node != nullptr) callbacks_.report(node->name, why);
}

// ---- Answers -------------------------------------------------------------------------

void Dispatcher::on_reply(Backend& backend, const Entry& entry, const resp::Reply& reply) {
  if (entry.attempt != entry.request->parts[entry.part].attempt) {
    settle(entry);  // Another attempt of the same write goes on.
    return;
  }
  if (reply.kind == resp::Value::Kind::kError) {
    if (may_come_to_pass(entry, reply.text)) {
      if (refused_.empty()) retrier_->start(kRefusalPause);
      refused_.push_back(entry);
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

// Whether a refused entry is worth another try: soon its server may be failed over. Only a
// second copy is, which has its place in the order: anything else would come after what its
// client asked later.
bool Dispatcher::may_come_to_pass(const Entry& entry, std::string_view refusal) {
  Part& part = entry.request->parts[entry.part];
  const bool in_order = is_write(entry.request->verb) && entry.copy == Copy::kSecond;
  if (entry.request->done || !in_order) return false;
  const bool has_other =
      table_->is_up(part.vnode, Group::kA) && table_->is_up(part.vnode, Group::kB);
  return has_other && ends_by_failover(refusal) && ++part.refusals < kRefusalsMax;
}

// Whether the entry is over.
bool Dispatcher::absorb(const Entry& entry, const resp::Reply& reply) {
  Part& part = entry.request->parts[entry.part];
  if (is_write(entry.request->verb)) {
    absorb_write(entry, part, reply);
    return true;
  }
  if (entry.request->verb == Verb::kCount) {
    part.count = reply.integer;
    return true;
  }
  return absorb_read(entry, part, reply);
}

bool Dispatcher::absorb_read(const Entry& entry, Part& part, const resp::Reply& reply) {
  const bool gets = entry.request->verb == Verb::kGet;
  if (entry.waits) {
    if (reply.integer == 0) {
      wait_until_settled(entry, part);
      return false;
    }
    if (gets && part.found) deliver(entry, part, part.value);
    return true;
  }
  if (read_unsettled(reply, part.unsettled)) {
    const resp::Value& found = reply.tree.items[0];
    part.count = found.integer;
    part.found = gets && found.is(resp::Value::Kind::kBulk);
    part.value = found.text;
    wait_until_settled(entry, part);
    return false;
  }
  part.count = reply.integer;
  part.found = gets && reply.kind == resp::Value::Kind::kBulk;
  if (part.found) deliver(entry, part, reply.text);
  return true;
}

void Dispatcher::deliver(const Entry& entry, Part& part, std::string_view value) {
  Request& request = *entry.request;
  if (!request.done && request.owner != nullptr) request.owner->on_value(request, part, value);
}

void Dispatcher::wait_until_settled(Entry entry, Part& part) {
  entry.waits = true;
  if (++part.waits <= kWaitsAtOnce) {
    place(entry);
    return;
  }
  if (waiting_reads_.empty()) asker_->start(kWaitPause);
  waiting_reads_.push_back(entry);
}

void Dispatcher::ask_again() {
  for (const Entry& entry : std::exchange(waiting_reads_, {})) {
    if (entry.request->done) {
      give_up(entry);
    } else {
      place(entry);
    }
  }
}

void Dispatcher::absorb_write(const Entry& entry, Part& part, const resp::Reply& reply) {
  if (reply.kind == resp::Value::Kind::kInteger) {
    if (entry.copy != Copy::kPrimary) return;  // A second copy says nothing new.
    part.primary_done = true;
    part.count = reply.integer;
    return;
  }
  // Only a primary raises. It may have lost that role since it was asked: what it holds must
  // reach the other copy all the same.
  bool existed = false;
  resp::Version raised;
  if (!read_raised(reply.text, existed, raised)) {
    entry.request->error = "ERR a data server answered a write in an unknown form";
    return;
  }
  part.primary_done = true;
  part.count = existed ? 1 : 0;
  part.version = std::max(part.version, raised);
  clock_.merge(raised.hlc);
  note_replica(entry, part);
  start_entry(entry.request, entry.part, Copy::kSecond);
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
  if (--part.outstanding == 0) tell_replicas(part);
  if (--request->outstanding > 0) return;
  if (!request->done) {
    finish(request);
  } else if (request->owner == nullptr) {
    pool_.give(request);
  }
}

// The part is over: nothing of it is on its way any more.
void Dispatcher::tell_replicas(Part& part) {
  for (const Mark& mark : part.marks) {
    if (Backend* backend = backend_at(mark.where)) backend->settle(mark.id, part.certain);
  }
  part.marks.clear();
}

void Dispatcher::finish(Request* request) {
  request->done = true;
  (request->older != nullptr ? request->older->newer : oldest_) = request->newer;
  (request->newer != nullptr ? request->newer->older : newest_) = request->older;
  request->older = request->newer = nullptr;
  if (request->owner != nullptr) request->owner->on_request_done(*request);
}

void Dispatcher::release(Request* request) {
  request->owner = nullptr;
  const bool listed = request == oldest_ || request->older != nullptr;
  if (listed) finish(request);
  request->done = true;
  if (request->outstanding == 0) pool_.give(request);
}

// ---- Deadlines -----------------------------------------------------------------------

void Dispatcher::check_deadlines() {
  const TimePoint now = loop_.now();
  while (oldest_ != nullptr && oldest_->deadline <= now) {
    Request* late = oldest_;
    if (late->error.empty()) late->error = timeout_error(*late);
    finish(late);
  }
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
  const auto waited = options_.backend.request_timeout.count();
  const bool half_done = write && part.primary_done;
  const Backend* found =
      find_backend({&request, index, half_done ? Copy::kSecond : Copy::kPrimary});
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
  return fmt::format(
      "TIMEOUT data server {} did not confirm the write within {} ms ({}); it may or may not take "
      "effect",
      silent.name(), waited, why);
}

size_t Dispatcher::queued() const {
  size_t sum = 0;
  for (const auto& shards : backends_) {
    for (const auto& backend : shards)
      sum += backend->queued();
  }
  return sum;
}

uint64_t Dispatcher::queued_bytes() const {
  uint64_t sum = 0;
  for (const auto& shards : backends_) {
    for (const auto& backend : shards)
      sum += backend->queued_bytes();
  }
  return sum;
}

}  // namespace doris::router

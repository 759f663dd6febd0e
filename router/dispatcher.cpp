#include "router/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>

#include "router/dialect.h"

namespace doris::router {
namespace {

using topology::Group;

constexpr Millis kTick{50};

Group other(Group group) {
  return group == Group::kA ? Group::kB : Group::kA;
}

}  // namespace

Dispatcher::Dispatcher(net::Loop& loop, const Clock& clock, Random& random, Options options,
                       std::function<void(topology::Epoch)> want_epoch)
    : loop_(loop),
      options_(std::move(options)),
      want_epoch_(std::move(want_epoch)),
      random_(random),
      clock_(clock, options_.backend.writer) {
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
}

// ---- Topology ------------------------------------------------------------------------

void Dispatcher::adopt(topology::RoutingTablePtr table) {
  if (table_ != nullptr && table->epoch() <= table_->epoch()) return;
  table_ = std::move(table);
  std::vector<std::unique_ptr<Backend>> retired;
  for (auto& shards : backends_) {
    for (auto& backend : shards) {
      const topology::Node* node = table_->topology().find(backend->node());
      const bool kept = node != nullptr && table_->owned(node->id) > 0 && backend->serves(*node);
      if (!kept) retired.push_back(std::move(backend));
    }
    std::erase(shards, nullptr);
  }
  for (const topology::Node& node : table_->topology().nodes) {
    if (table_->owned(node.id) == 0) continue;
    if (backends_.size() <= node.id) backends_.resize(node.id + 1U);
    auto& shards = backends_[node.id];
    for (auto shard = static_cast<uint8_t>(shards.size()); shard < node.shards; ++shard) {
      BackendHost& host = *this;
      shards.push_back(
          std::make_unique<Backend>(loop_, random_, host, options_.backend, node, shard));
    }
  }
  // First everybody goes over to the new epoch, so that nothing of it is sent on a connection
  // that speaks for the old one; then what is retired hands over its entries.
  for (auto& shards : backends_) {
    for (auto& backend : shards)
      backend->on_new_table();
  }
  for (auto& backend : retired)
    backend->retire();
}

Backend& Dispatcher::backend(topology::Vnode vnode, Group group) {
  const topology::Replica replica = table_->replica(vnode, group);
  return *backends_[replica.node][replica.shard];
}

// nullptr: the shard whose keys were to be counted has left the topology.
Backend* Dispatcher::find_backend(const Entry& entry) {
  const Part& part = entry.request->parts[entry.part];
  if (entry.request->verb != Verb::kCount) return &backend(part.vnode, entry.group);
  if (part.node >= backends_.size() || part.vnode >= backends_[part.node].size()) return nullptr;
  return backends_[part.node][part.vnode].get();
}

Backend& Dispatcher::backend_of(const Entry& entry) {
  Backend* found = find_backend(entry);
  DORIS_CHECK(found != nullptr, "no backend for an entry of this table");
  return *found;
}

Group Dispatcher::read_group(topology::Vnode vnode) {
  const Group primary = table_->primary(vnode);
  if (options_.read_policy == ReadPolicy::kPrimary || backend(vnode, primary).ready()) {
    return primary;
  }
  return backend(vnode, other(primary)).ready() ? other(primary) : primary;
}

Group Dispatcher::countable_group() const {
  for (const topology::Node& node : table_->topology().nodes) {
    if (node.group != Group::kA || table_->owned(node.id) == 0) continue;
    for (const auto& backend : backends_[node.id]) {
      if (!backend->ready()) return Group::kB;
    }
  }
  return Group::kA;
}

// ---- Sending -------------------------------------------------------------------------

bool Dispatcher::submit(Request* request) {
  DORIS_CHECK(request->owner != nullptr && !request->parts.empty(), "an empty request");
  if (!has_room(*request)) return false;
  request->deadline = loop_.now() + options_.backend.request_timeout;
  request->older = newest_;
  (newest_ != nullptr ? newest_->newer : oldest_) = request;
  newest_ = request;

  for (uint32_t i = 0; i < request->parts.size(); ++i) {
    Part& part = request->parts[i];
    if (is_write(request->verb)) {
      send_to_replica(request, i, table_->primary(part.vnode));  // The second copy follows.
    } else {
      const bool counts = request->verb == Verb::kCount;
      send_to_replica(request, i, counts ? Group::kA : read_group(part.vnode));
    }
  }
  return true;
}

// A request is refused whole, before anything of it was sent.
bool Dispatcher::has_room(Request& request) {
  for (uint32_t i = 0; i < request.parts.size(); ++i) {
    for (const Group group : {Group::kA, Group::kB}) {
      const bool reads = request.verb == Verb::kGet || request.verb == Verb::kHas;
      if (reads && group != read_group(request.parts[i].vnode)) continue;
      const Backend& target = backend_of({&request, i, group});
      if (target.accepts_more()) continue;
      request.error =
          fmt::format("OVERLOADED the queue to data server {} is full ({} bytes); try again later",
                      target.name(), target.queued_bytes());
      return false;
    }
  }
  return true;
}

void Dispatcher::send_to_replica(Request* request, uint32_t part, Group group) {
  ++request->outstanding;
  ++request->parts[part].outstanding;
  const Entry entry{request, part, group};
  backend_of(entry).send(entry);
}

// A request whose owner was told that it failed is not sent again, but a write that its
// primary has committed still reaches the second copy.
void Dispatcher::reroute(const Entry& entry) {
  Request& request = *entry.request;
  const Part& part = request.parts[entry.part];
  const bool half_done = is_write(request.verb) && part.primary_done;
  if (request.done && !half_done) {
    settle(entry);
    return;
  }
  Entry moved = entry;
  if (request.verb == Verb::kGet || request.verb == Verb::kHas) {
    moved.group = read_group(part.vnode);
  } else if (is_write(request.verb) && part.version.epoch == 0) {  // Not sent to anybody yet.
    moved.group = table_->primary(part.vnode);
  }
  Backend* target = find_backend(moved);
  if (target == nullptr) {
    request.error = "CLUSTERDOWN the data servers changed while they counted; try again";
    settle(entry);
    return;
  }
  target->send(moved);
}

void Dispatcher::encode(const Entry& entry, Buffer& out) {
  Request& request = *entry.request;
  Part& part = request.parts[entry.part];
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
// and a write that never left has no effect anywhere. In a new epoch it is stamped anew, since
// an older one could lose against what a failed node accepted late.
void Dispatcher::encode_write(const Entry& entry, Part& part, Buffer& out) {
  Request& request = *entry.request;
  const bool primary = table_->primary(part.vnode) == entry.group;
  if (primary && part.version.epoch != table_->epoch()) {
    part.version = clock_.stamp(table_->epoch());
    send_to_replica(&request, entry.part, other(entry.group));
  }
  const char role = primary ? 'P' : 'S';
  if (request.verb == Verb::kSet) {
    write_vset(out, role, part.vnode, request.key(part), part.version, request.value(part));
  } else {
    write_vdel(out, role, part.vnode, request.key(part), part.version);
  }
}

// ---- Answers -------------------------------------------------------------------------

void Dispatcher::on_reply(Backend& backend, const Entry& entry, const resp::Reply& reply) {
  if (reply.kind == resp::Value::Kind::kError) {
    if (entry.request->error.empty()) {
      entry.request->error = fmt::format("{} [data server {}]", reply.text, backend.name());
    }
  } else {
    absorb(entry, reply);
  }
  settle(entry);
}

void Dispatcher::absorb(const Entry& entry, const resp::Reply& reply) {
  Request& request = *entry.request;
  Part& part = request.parts[entry.part];
  if (is_write(request.verb)) {
    absorb_write(entry, part, reply);
  } else if (request.verb != Verb::kGet) {
    part.count = reply.integer;
  } else if (reply.kind == resp::Value::Kind::kBulk) {
    part.found = true;
    if (!request.done && request.owner != nullptr) {
      request.owner->on_value(request, part, reply.text);
    }
  }
}

void Dispatcher::absorb_write(const Entry& entry, Part& part, const resp::Reply& reply) {
  if (reply.kind == resp::Value::Kind::kInteger) {
    if (table_->primary(part.vnode) != entry.group) return;  // A second copy says nothing new.
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
  send_to_replica(entry.request, entry.part, other(entry.group));
}

// The entry is over.
void Dispatcher::settle(const Entry& entry) {
  Request* request = entry.request;
  Part& part = request->parts[entry.part];
  DORIS_CHECK(part.outstanding > 0, "an entry was settled twice");
  --part.outstanding;
  if (--request->outstanding > 0) return;
  if (!request->done) {
    finish(request);
  } else if (request->owner == nullptr) {
    pool_.give(request);
  }
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
  Entry entry{&request, index, Group::kA};
  if (request.verb != Verb::kCount) {
    const Group primary = table_->primary(part.vnode);
    entry.group = part.primary_done ? other(primary) : primary;
  }
  const Backend& silent = backend_of(entry);
  const auto waited = options_.backend.request_timeout.count();
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

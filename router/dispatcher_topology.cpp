// Which backends there are, and to which of them an entry belongs.
#include <algorithm>
#include <utility>

#include "router/dispatcher.h"

namespace doris::router {

using topology::Group;

void Dispatcher::adopt(topology::RoutingTablePtr table) {
  if (table_ != nullptr && table->epoch() <= table_->epoch()) return;
  table_ = std::move(table);
  order_.resize(table_->vnodes());
  const auto retired = take_unwanted_backends();
  update_backends();
  // First everybody goes over to the new epoch, so that nothing of it is sent on a connection
  // that speaks for the old one; then all that belongs elsewhere, or nowhere yet, finds its place.
  // (What waits to ask once more must not ask another server: that may not know the write, and
  // think it settled for that reason.)
  std::vector<Entry> moved = order_.take_held();
  for (const auto& entries : {parked_.take_all(), refused_.take_all(), std::exchange(waiting_, {})})
    moved.insert(moved.end(), entries.begin(), entries.end());
  for (auto& shards : backends_) {
    for (auto& backend : shards)
      backend->on_new_table(moved);
  }
  for (const auto& backend : retired)
    backend->retire(moved);
  std::ranges::stable_sort(moved, {}, rank_of);
  reroute_all(moved);
}

std::vector<std::unique_ptr<Backend>> Dispatcher::take_unwanted_backends() {
  std::vector<std::unique_ptr<Backend>> unwanted;
  for (auto& shards : backends_) {
    for (auto& backend : shards) {
      const topology::Node* node = table_->topology().find(backend->node());
      const bool kept = node != nullptr && table_->contacted(node->id) && backend->serves(*node);
      if (!kept) unwanted.push_back(std::move(backend));
    }
    std::erase(shards, nullptr);
  }
  return unwanted;
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
    const topology::Node* const node = table_->topology().find(part.node);
    const bool is_up = node != nullptr && node->state == topology::NodeState::kUp;
    return is_up ? backend_at({part.node, static_cast<uint8_t>(part.vnode)}) : nullptr;
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

}  // namespace doris::router

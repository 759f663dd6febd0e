#include "router/last_write.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "resp/render.h"
#include "router/write_path.h"

namespace doris::router {
namespace {

using resp::Value;
using topology::NodeId;

// Not all that were asked for it have said OK.
bool is_unfinished(const Part& part) {
  return part.outstanding > 0 || !part.certain;
}

bool has_changed(const Part& part) {
  return part.update == nullptr || part.update->changes;
}

const Part* last_of(const std::vector<Part>& parts, bool (*fits)(const Part&)) {
  const auto found = std::find_if(parts.rbegin(), parts.rend(), fits);
  return found == parts.rend() ? nullptr : &*found;
}

// The part that is told of; nullptr if there was nothing to write.
const Part* part_of(const Request& request) {
  if (!request.failed()) return last_of(request.parts, has_changed);
  const Part* const failed = last_of(request.parts, is_unfinished);
  return failed != nullptr ? failed : &request.parts.back();  // It was refused before it was sent.
}

// A node may have left the topology since.
std::string name_of(const topology::RoutingTablePtr& table, NodeId id) {
  const topology::Node* const node = table->topology().find(id);
  return node == nullptr ? fmt::format("node {}", id) : node->name;
}

Value copy(std::string where, bool done) {
  return Value::bulk(done ? std::move(where) : where + ", not confirmed");
}

}  // namespace

void LastWrite::note(const Request& request) {
  const Part* const part = part_of(request);
  if (part == nullptr) return;
  vnode_ = part->vnode;
  version_ = part->version;
  primary_ = part->primary;
  // An effect may wait to be spread.
  primary_done_ = part->primary_done || (part->update != nullptr && part->update->changes);
  second_ = part->second;
  if (!request.failed()) {
    outcome_ = Outcome::kWritten;
    return;
  }
  outcome_ = may_have_effect(*part) ? Outcome::kUnknown : Outcome::kFailed;
  error_ = request.error;
}

std::string LastWrite::outcome() const {
  switch (outcome_) {
    case Outcome::kNoWrite:
      return "no write on this connection yet";
    case Outcome::kWritten:
      return second_.logged_for == topology::kNoNode ? "both copies" : "one copy and an update log";
    case Outcome::kFailed:
      return "failed: " + error_;
    case Outcome::kUnknown:
      return "not known: " + error_;
  }
  return {};
}

Value LastWrite::describe(const topology::RoutingTablePtr& table, resp::Protocol protocol) const {
  Value map = view(table);
  return protocol == resp::Protocol::kResp3 ? map : resp::render(map);
}

Value LastWrite::view(const topology::RoutingTablePtr& table) const {
  std::vector<Value> items;
  const auto add = [&](const char* key, Value value) {
    items.push_back(Value::bulk(key));
    items.push_back(std::move(value));
  };
  add("outcome", Value::bulk(outcome()));
  if (outcome_ == Outcome::kNoWrite) return Value::map(std::move(items));

  const bool sent = version_.epoch != 0;
  add("version", sent ? Value::bulk(version_.text()) : Value::null());
  add("vnode", Value::of(vnode_));
  add("primary", sent ? copy(name_of(table, primary_), primary_done_) : Value::null());
  if (second_.node == topology::kNoNode) {
    add("second", Value::null());
  } else if (second_.logged_for == topology::kNoNode) {
    add("second", copy("replica at " + name_of(table, second_.node), second_.done));
  } else {
    add("second", copy(fmt::format("update log kept by {} for {}", name_of(table, second_.node),
                                   name_of(table, second_.logged_for)),
                       second_.done));
  }
  return Value::map(std::move(items));
}

}  // namespace doris::router

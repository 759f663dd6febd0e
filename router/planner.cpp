#include "router/planner.h"

#include "base/limits.h"

namespace doris::router {

bool Planner::add_key(Request& request, std::string_view key) {
  const size_t at = request.payload.size();
  topology::append_physical_key(name_space_, key, request.payload);
  const size_t bytes = request.payload.size() - at;
  if (bytes > kKeyBytesMax) {
    request.payload.resize(at);
    return false;
  }
  Part& part = request.parts.emplace_back();
  part.key_at = at;
  part.key_bytes = bytes;
  part.vnode = hasher_.vnode(request.key(part), vnodes_);
  return true;
}

void Planner::add_value(Request& request, std::string_view value) {
  DORIS_CHECK(!request.parts.empty(), "a value needs a key before it");
  Part& part = request.parts.back();
  part.value_at = request.payload.size();
  part.value_bytes = value.size();
  request.payload.append(value);
}

void Planner::make_update(Request& request, resp::Update update) {
  DORIS_CHECK(!request.parts.empty(), "an update needs a key before it");
  request.parts.back().update = std::make_unique<UpdateState>();
  request.parts.back().update->kind = update;
}

void Planner::add_count(Request& request, const topology::RoutingTable& table,
                        topology::Group group, uint32_t name_space, uint32_t databases) {
  const std::string which = std::to_string(name_space);
  request.payload = which + std::to_string(databases);
  for (const topology::Node& node : table.topology().nodes) {
    if (node.group != group || table.owned(node.id) == 0) continue;
    for (uint8_t shard = 0; shard < node.shards; ++shard) {
      Part& part = request.parts.emplace_back();
      part.node = node.id;
      part.vnode = shard;
      part.key_bytes = which.size();
      part.value_at = which.size();
      part.value_bytes = request.payload.size() - which.size();
    }
  }
}

}  // namespace doris::router

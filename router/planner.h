// Planner: a command's keys and values -> the parts of a Request.
//
// Copies them into the request's payload, which outlives the client's input buffer, so
// that a request can be sent again. Knows the hash, not the topology: which servers the
// parts go to is the Dispatcher's business.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/topology/key_hash.h"
#include "base/topology/routing_table.h"
#include "router/request.h"

namespace doris::router {

class Planner {
 public:
  // References outlive this. `vnodes` as in the routing table.
  Planner(topology::KeyHasher& hasher, uint32_t vnodes, uint32_t name_space)
      : hasher_(hasher), vnodes_(vnodes), name_space_(name_space) {}

  // Adds a part for `key`. False if the key is too long; nothing was added.
  [[nodiscard]] bool add_key(Request& request, std::string_view key);

  // Gives the last part its value.
  static void add_value(Request& request, std::string_view value);

  // Makes the last part an update; its argument, if it has one, is the part's value.
  static void make_update(Request& request, resp::Update update);

  // One part per shard that holds vnodes of `group`, to count the namespace's keys.
  // `databases` is how many namespaces clients may SELECT.
  static void add_count(Request& request, const topology::RoutingTable& table,
                        topology::Group group, uint32_t name_space, uint32_t databases);

 private:
  topology::KeyHasher& hasher_;
  const uint32_t vnodes_;
  const uint32_t name_space_;
};

}  // namespace doris::router

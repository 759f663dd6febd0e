// FileBudget: how many clients there is room for beside the connections to data servers. Each
// costs a file descriptor, of which the system allows so many: without one, a router could not
// reach a data server any more that has come back.
//
// Control thread only.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "base/topology/routing_table.h"

namespace doris::router {

class FileBudget {
 public:
  // Nothing is known of data servers yet.
  FileBudget(uint64_t clients_max, uint32_t threads)
      : clients_max_(clients_max), threads_(threads), clients_(clients_max) {}

  // Makes as much room as the system allows. Fails if that is not even enough for all clients.
  // Call it before threads start.
  Status make_room();

  // Each thread connects to each shard that `table` has requests sent to. Logs it when clients()
  // changes.
  void adopt(const topology::RoutingTable& table);

  // So many may be connected: maxclients, or what the system leaves of it.
  [[nodiscard]] uint64_t clients() const { return clients_; }

  // The same of any numbers. One is let in at least, to see what is wrong.
  [[nodiscard]] static uint64_t clients_beside(uint64_t backends, uint64_t files_allowed,
                                               uint64_t clients_max);

 private:
  const uint64_t clients_max_;
  const uint32_t threads_;
  uint64_t clients_;
};

}  // namespace doris::router

#include "router/file_budget.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "base/net/file_limit.h"

namespace doris::router {
namespace {

const Log kLog("router");

constexpr uint64_t kOwnFiles = 256;  // Beside those of clients and backends.
constexpr uint64_t kServersLikely = 16;

}  // namespace

// How many data servers there will be is not known yet. So all that may be had is taken, and for a
// process that may have more than the hard limit what is likely to be needed.
Status FileBudget::make_room() {
  const uint64_t least = clients_max_ + kOwnFiles;
  (void)net::raise_file_limit(net::file_limits().most);
  if (net::raise_file_limit(least + threads_ * kShardsMax * kServersLikely).ok()) {
    return Status::okay();
  }
  return net::raise_file_limit(least);
}

void FileBudget::adopt(const topology::RoutingTable& table) {
  uint64_t backends = 0;
  for (const topology::Node& node : table.topology().nodes) {
    if (table.contacted(node.id)) backends += uint64_t{threads_} * node.shards;
  }
  const uint64_t allowed = net::file_limits().now;
  const uint64_t before = std::exchange(clients_, clients_beside(backends, allowed, clients_max_));
  if (clients_ == before) return;
  if (clients_ == clients_max_) {
    kLog.info("there is room for maxclients ({}) again", clients_max_);
    return;
  }
  kLog.warning(
      "maxclients is {}, but the system allows {} open files, and {} are for data servers: {} "
      "clients are let in; allow {} ('ulimit -n' as root, or LimitNOFILE in the systemd unit), or "
      "lower maxclients",
      clients_max_, allowed, backends, clients_, clients_max_ + kOwnFiles + backends);
}

uint64_t FileBudget::clients_beside(uint64_t backends, uint64_t files_allowed,
                                    uint64_t clients_max) {
  const uint64_t others = kOwnFiles + backends;
  const uint64_t left = files_allowed > others ? files_allowed - others : 0;
  return std::clamp<uint64_t>(left, 1, clients_max);
}

}  // namespace doris::router

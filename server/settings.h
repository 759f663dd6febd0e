// Settings: what a data server takes from doris.conf, read once at the start.
#pragma once

#include "base/bdb/environment.h"
#include "base/bdb/transaction.h"
#include "base/config.h"
#include "base/net/address.h"
#include "base/topology/topology.h"
#include "resp/request_parser.h"

namespace doris::server {

struct Settings {
  // kInvalid when the command line lacks what only the operator can know.
  static Result<Settings> from(const Config& config);

  Config config;  // For CONFIG GET.
  std::string node;
  topology::Group group = topology::Group::kA;
  std::string machine;
  net::Address listen;         // The control port.
  std::string announced_host;  // How others reach this node.
  net::Address admin;
  std::string directory;
  uint32_t shards = 0;  // 0: as the store has it.
  uint32_t shards_if_new = 1;
  uint64_t cache_bytes = 0;  // Of all shards together.
  uint64_t log_file_bytes = 0;
  bool sync_each_commit = false;  // appendfsync always
  bool sync_each_second = false;  // appendfsync everysec
  uint64_t checkpoint_log_bytes = 0;
  Millis checkpoint_interval{};
  uint64_t disk_free_bytes_min = 0;
  Millis request_timeout{};           // The routers'.
  uint64_t update_log_bytes_max = 0;  // Per shard and target.
  Millis anti_entropy_interval{};
  Millis tombstone_retention{};
  Millis topology_pull_interval{};
  resp::RequestLimits limits{};  // Of all ports. A topology fits, too.

  // The options of one of `count` shards' environments in `directory`.
  [[nodiscard]] bdb::Environment::Options environment(const std::string& path,
                                                      uint32_t count) const;
};

}  // namespace doris::server

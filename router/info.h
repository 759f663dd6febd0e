// INFO's text, from facts. Pure, but for what the operating system knows of the process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "router/stats.h"

namespace doris::router {

struct InfoFacts {
  int64_t uptime_s = 0;
  uint16_t port = 0;
  uint32_t threads = 0;
  uint64_t clients_max = 0;
  uint64_t epoch = 0;
  std::string admin;

  // Sums over the workers.
  int64_t clients = 0;
  int64_t connections = 0;
  int64_t rejected = 0;
  int64_t commands = 0;
  int64_t errors = 0;
  int64_t hits = 0;
  int64_t misses = 0;
  int64_t output_limit_hits = 0;
  int64_t backend_queued = 0;
  int64_t backend_bytes = 0;

  void add(const WorkerStats& stats);
};

// Sections in Redis's form ("# Server\r\nkey:value\r\n..."). `sections`: lower-case names;
// empty, "default", "all" or "everything" give all.
[[nodiscard]] std::string info_text(const InfoFacts& facts,
                                    const std::vector<std::string>& sections);

}  // namespace doris::router

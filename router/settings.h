// Settings: what the router's threads take from doris.conf, read once at the start.
#pragma once

#include "base/config.h"
#include "resp/request_parser.h"
#include "router/dispatcher.h"

namespace doris::router {

struct Settings {
  explicit Settings(const Config& settings);

  const Config config;  // For CONFIG GET.
  net::Address listen;
  net::Address admin;
  uint32_t threads;
  uint32_t databases;
  uint64_t clients_max;
  uint64_t pipeline_max;        // Commands of one client in flight; more wait.
  uint64_t output_pause_bytes;  // Unsent replies; above, the client's commands wait.
  uint64_t output_limit_bytes;  // Above, the client is closed.
  Millis topology_pull_interval;
  resp::RequestLimits request_limits;
  ReadPolicy read_policy;
  BackendOptions backend;  // Without cluster and writer: those come from the admin.
};

}  // namespace doris::router

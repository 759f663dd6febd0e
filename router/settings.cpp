#include "router/settings.h"

#include <algorithm>
#include <thread>

#include "base/limits.h"

namespace doris::router {
namespace {

uint32_t threads_of(const Config& config) {
  const auto asked = static_cast<uint32_t>(config.integer("router-threads"));
  if (asked > 0) return asked;
  return std::clamp(std::thread::hardware_concurrency(), 1U, kThreadsMax);
}

net::Address admin_of(const Config& config) {
  Result<net::Address> address = net::Address::parse(config.text("admin"));
  DORIS_CHECK(address.ok(), "Config::validate() has checked the admin's address");
  return *address;
}

}  // namespace

Settings::Settings(const Config& settings)
    : config(settings),
      listen{config.text("bind"), static_cast<uint16_t>(config.integer("router-port"))},
      admin(admin_of(config)),
      threads(threads_of(config)),
      databases(static_cast<uint32_t>(config.integer("databases"))),
      clients_max(static_cast<uint64_t>(config.integer("maxclients"))),
      pipeline_max(static_cast<uint64_t>(config.integer("client-pipeline-max"))),
      output_pause_bytes(config.bytes("client-output-pause")),
      output_limit_bytes(config.bytes("client-output-buffer-limit")),
      topology_pull_interval(config.duration("topology-pull-interval")),
      request_limits{config.bytes("proto-max-bulk-len"), kRequestArgsMax, kInlineBytesMax},
      read_policy(config.text("read-policy") == "any" ? ReadPolicy::kAny : ReadPolicy::kPrimary) {
  backend.connect_timeout = config.duration("backend-connect-timeout");
  backend.backoff_min = config.duration("reconnect-backoff-min");
  backend.backoff_max = config.duration("reconnect-backoff-max");
  backend.request_timeout = config.duration("request-timeout");
  backend.attempts = static_cast<uint32_t>(config.integer("backend-attempts"));
  backend.suspect_after = config.duration("backend-suspect-after");
  backend.queue_bytes_max = config.bytes("backend-queue-limit");
}

}  // namespace doris::router

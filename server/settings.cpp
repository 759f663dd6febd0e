#include "server/settings.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/limits.h"

namespace doris::server {
namespace {

constexpr uint64_t kCacheBytesMin = 16UL * 1024 * 1024;  // Of one shard.
constexpr uint64_t kLogBufferBytes = 1024 * 1024;

// DORIS.ADOPT carries a topology, which may be larger than the values allowed here.
constexpr size_t kTopologyBytesMax = 4UL << 20;

// A quarter of the memory: the rest serves as the operating system's cache of the files.
uint64_t default_cache_bytes() {
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 4;
}

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof(name) - 1);
  return name;
}

std::string first_of(const std::string& text, const std::string& otherwise) {
  return text.empty() ? otherwise : text;
}

}  // namespace

Result<Settings> Settings::from(const Config& config) {
  Settings result;
  result.config = config;
  result.node = config.text("node-name");
  if (result.node.empty()) {
    return Status::invalid(
        "a data server needs a name that is its own in the cluster: give --node-name, such as "
        "--node-name a1");
  }
  result.group = topology::parse_group(config.text("group")).value();
  result.machine = first_of(config.text("machine"), host_name());
  result.listen = {config.text("bind"), static_cast<uint16_t>(config.integer("server-port"))};
  result.announced_host = first_of(config.text("announce-host"), config.text("bind"));
  result.admin = *net::Address::parse(config.text("admin"));
  result.directory = config.text("server-dir");
  result.shards = static_cast<uint32_t>(config.integer("shards"));
  result.shards_if_new = std::clamp(std::thread::hardware_concurrency(), 1U, kShardsMax);
  result.cache_bytes = config.bytes("cache-size");
  if (result.cache_bytes == 0) result.cache_bytes = default_cache_bytes();
  result.log_file_bytes = config.bytes("log-segment-size");
  result.sync_each_commit = config.text("appendfsync") == "always";
  result.sync_each_second = config.text("appendfsync") == "everysec";
  result.checkpoint_log_bytes = config.bytes("checkpoint-log-size");
  result.checkpoint_interval = config.duration("checkpoint-interval");
  result.disk_free_bytes_min = config.bytes("disk-free-min");
  result.request_timeout = config.duration("request-timeout");
  result.update_log_bytes_max = config.bytes("update-log-max-size");
  result.anti_entropy_interval = config.duration("anti-entropy-interval");
  result.tombstone_retention = config.duration("tombstone-retention");
  result.topology_pull_interval = config.duration("topology-pull-interval");
  result.limits = {std::max(config.bytes("proto-max-bulk-len"), kTopologyBytesMax), kRequestArgsMax,
                   kInlineBytesMax};
  return result;
}

bdb::Environment::Options Settings::environment(const std::string& path, uint32_t count) const {
  bdb::Environment::Options options;
  options.directory = path;
  options.cache_bytes = std::max(cache_bytes / count, kCacheBytesMin);
  options.log_file_bytes = log_file_bytes;
  options.log_buffer_bytes = std::min(kLogBufferBytes, log_file_bytes / 8);
  return options;
}

}  // namespace doris::server

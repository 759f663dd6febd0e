#include "server/info.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/command_line.h"
#include "resp/errors.h"
#include "server/disk_watch.h"

namespace doris::server {
namespace {

std::string shard_line(const Node& node, uint32_t shard) {
  const ShardStats& stats = node.shard_counters(shard);
  const int64_t commits = stats.commits.get();
  return fmt::format(
      "shard{}:keys={},connections={},reads={},writes={},raised={},commits={},"
      "writes_per_commit={:.1f},failed_batches={},"
      "log_bytes_since_checkpoint={},offline={},vnodes_to_recover={},update_log_entries={},"
      "update_log_bytes={},vnodes_compared={},differences_mended={},dead_reclaimed={},"
      "writes_shared={}\r\n",
      shard, stats.live_keys.get(), stats.sessions.get(), stats.reads.get(), stats.writes.get(),
      stats.raised.get(), commits,
      commits == 0 ? 0.0 : static_cast<double>(stats.writes.get()) / static_cast<double>(commits),
      stats.failed_batches.get(), node.log_bytes(shard), stats.offline.get(),
      stats.vnodes_left.get(), stats.log_entries.get(), stats.log_bytes.get(),
      stats.checked_vnodes.get(), stats.differences.get(), stats.reclaimed.get(),
      stats.shared.get());
}

// drained_in_seconds is -1 while nobody fetches the log, or nothing can be told yet.
std::string log_line(const Node& node, const LogReport& log) {
  const topology::Node* const target = node.standing().table == nullptr
                                           ? nullptr
                                           : node.standing().table->topology().find(log.target);
  const auto left = log.draining ? log.draining->time_left() : std::nullopt;
  return fmt::format(
      "update_log_{}:entries={},bytes={},full={},oldest_seconds={},drained_in_seconds={}\r\n",
      target == nullptr ? fmt::to_string(log.target) : target->name, log.entries, log.bytes,
      log.full ? 1 : 0, (node.clock().wall_ms() - log.oldest_ms) / 1000,
      left ? left->count() / 1000 : -1);
}

}  // namespace

std::string info_text(const Node& node) {
  const Settings& settings = node.settings();
  const Standing& standing = node.standing();
  std::string text = fmt::format(
      "# Server\r\nredis_version:{}\r\ndoris_version:{}\r\nredis_mode:standalone\r\n"
      "process_id:{}\r\ntcp_port:{}\r\nuptime_in_seconds:{}\r\n\r\n"
      "# Persistence\r\nloading:0\r\nappendfsync:{}\r\n\r\n# Replication\r\nrole:master\r\n\r\n",
      resp::kRedisVersion, doris_version(), getpid(), node.port(), node.uptime_s(),
      settings.config.text("appendfsync"));
  text +=
      fmt::format("# Topology\r\nnode:{}\r\ngroup:{}\r\ncluster:{}\r\nepoch:{}\r\nserving:{}\r\n",
                  settings.node, topology::group_name(settings.group), standing.cluster,
                  standing.epoch, standing.ready() ? "yes" : "no, " + standing.not_ready);
  text += "\r\n# Shards\r\n";
  for (uint32_t shard = 0; shard < node.shards(); ++shard)
    text += shard_line(node, shard);
  text += "\r\n# Update logs\r\n";
  for (const LogReport& log : node.report().logs)
    text += log_line(node, log);
  const Result<uint64_t> free = free_bytes(settings.directory);
  text += fmt::format(
      "\r\n# Disk\r\ndirectory:{}\r\nfree_bytes:{}\r\nwrites_allowed:{}\r\ndisk_mark:{}\r\n",
      settings.directory, free.ok() ? *free : 0, node.writes_allowed() ? "yes" : "no",
      node.disk_mark());
  return text;
}

}  // namespace doris::server

#include "server/log_gauges.h"

#include <algorithm>

namespace doris::server {
namespace {

constexpr size_t kPageEntries = 1000;
constexpr size_t kPageBytes = 256UL * 1024;

bool recovers(const topology::Topology* topology, topology::NodeId id) {
  const topology::Node* const node = topology == nullptr ? nullptr : topology->find(id);
  return node != nullptr && node->state == topology::NodeState::kRecovering;
}

}  // namespace

void LogGauges::note(Gauge& gauge, const resp::Version& version) {
  gauge.oldest_ms = std::min(gauge.oldest_ms, static_cast<int64_t>(version.hlc >> 16));
}

void LogGauges::wrote(topology::NodeId target, const resp::Version& version) {
  const auto [found, is_new] = gauges_.try_emplace(target);
  if (is_new) found->second.read = true;  // There was nothing.
  note(found->second, version);
}

void LogGauges::look(Store& store, const topology::Topology* topology, TimePoint now) {
  for (const topology::NodeId target : store.log_targets())
    gauges_.try_emplace(target);
  std::erase_if(gauges_,
                [&](const auto& entry) { return store.log_stats(entry.first).entries == 0; });
  for (auto& [target, gauge] : gauges_) {
    gauge.stats = store.log_stats(target);
    if (!gauge.read) read_page(store, target, gauge);
    if (!recovers(topology, target)) {
      gauge.drained_from = 0;
    } else if (gauge.drained_from == 0) {
      gauge.drained_from = gauge.stats.entries;
      gauge.drained_since = now;
    }
  }
}

void LogGauges::read_page(Store& store, topology::NodeId target, Gauge& gauge) {
  const auto next = store.log_scan(
      target, {gauge.position, kPageEntries, kPageBytes},
      [&](const KeyRef&, const RecordView& record) { note(gauge, record.header.version); });
  gauge.position = next.ok() ? *next : "";
  gauge.read = gauge.position.empty();
}

std::vector<LogReport> LogGauges::reports(TimePoint now) const {
  std::vector<LogReport> reports;
  for (const auto& [target, gauge] : gauges_) {
    LogReport& report = reports.emplace_back();
    report.target = target;
    report.entries = gauge.stats.entries;
    report.bytes = gauge.stats.bytes;
    report.oldest_ms = gauge.oldest_ms == INT64_MAX ? 0 : gauge.oldest_ms;
    if (gauge.drained_from == 0) continue;
    const uint64_t total = std::max(gauge.drained_from, gauge.stats.entries);
    report.draining =
        Progress{.total = total,
                 .left = gauge.stats.entries,
                 .elapsed = std::chrono::duration_cast<Millis>(now - gauge.drained_since)};
  }
  return reports;
}

}  // namespace doris::server

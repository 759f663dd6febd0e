#include "server/shard_report.h"

namespace doris::server {
namespace {

void add_progress(std::optional<Progress>& sum, const std::optional<Progress>& other) {
  if (!other) return;
  if (!sum) sum.emplace();
  sum->total += other->total;
  sum->left += other->left;
  sum->elapsed = std::max(sum->elapsed, other->elapsed);
}

void add_log(std::vector<LogReport>& logs, const LogReport& other) {
  const auto place = std::ranges::lower_bound(logs, other.target, {}, &LogReport::target);
  if (place == logs.end() || place->target != other.target) {
    logs.insert(place, other);
    return;
  }
  place->entries += other.entries;
  place->bytes += other.bytes;
  place->full = place->full || other.full;
  place->oldest_ms = std::min(place->oldest_ms, other.oldest_ms);
  add_progress(place->draining, other.draining);
}

// REQUIRES: of the same verification.
void add_verification(VerificationReport& sum, const VerificationReport& other) {
  sum.total += other.total;
  sum.left += other.left;
  for (const auto& [why, vnodes] : other.skipped)
    sum.skipped[why] += vnodes;
  sum.differences += other.differences;
  sum.mended += other.mended;
  sum.elapsed = std::max(sum.elapsed, other.elapsed);
  for (const std::string& sample : other.samples) {
    if (sum.samples.size() < VerificationReport::kSamplesMax) sum.samples.push_back(sample);
  }
}

bool all_have_begun(std::span<const ShardReport> reports) {
  return !reports.empty() && std::ranges::all_of(reports, [&](const ShardReport& report) {
    return report.verification && reports[0].verification &&
           report.verification->id == reports[0].verification->id;
  });
}

}  // namespace

ShardReport sum_of(std::span<const ShardReport> reports) {
  ShardReport sum;
  if (all_have_begun(reports)) sum.verification.emplace().id = reports[0].verification->id;
  for (const ShardReport& report : reports) {
    for (const LogReport& log : report.logs)
      add_log(sum.logs, log);
    add_progress(sum.recovery, report.recovery);
    add_progress(sum.anti_entropy, report.anti_entropy);
    if (sum.verification) add_verification(*sum.verification, *report.verification);
  }
  return sum;
}

}  // namespace doris::server

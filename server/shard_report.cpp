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
  place->oldest_ms = std::min(place->oldest_ms, other.oldest_ms);
  add_progress(place->draining, other.draining);
}

void add_verification(std::optional<VerificationReport>& sum,
                      const std::optional<VerificationReport>& other) {
  if (!other) return;
  if (!sum || sum->id != other->id) {
    if (!sum || sum->id < other->id) sum = other;  // Some shard has not heard of the newest yet.
    return;
  }
  sum->total += other->total;
  sum->left += other->left;
  sum->skipped += other->skipped;
  sum->differences += other->differences;
  sum->mended += other->mended;
  sum->elapsed = std::max(sum->elapsed, other->elapsed);
  for (const std::string& sample : other->samples) {
    if (sum->samples.size() < VerificationReport::kSamplesMax) sum->samples.push_back(sample);
  }
}

}  // namespace

void ShardReport::add(const ShardReport& other) {
  for (const LogReport& log : other.logs)
    add_log(logs, log);
  add_progress(recovery, other.recovery);
  add_verification(verification, other.verification);
}

}  // namespace doris::server

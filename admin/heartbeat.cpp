#include "admin/heartbeat.h"

#include <fmt/format.h>

namespace doris::admin {
namespace {

using resp::Value;

uint64_t number(const Value& value) {
  return static_cast<uint64_t>(value.integer);
}

bool is_array(const Value& value, size_t items) {
  return value.is(Value::Kind::kArray) && value.items.size() == items;
}

std::optional<Progress> read_progress(const Value& value) {
  if (!is_array(value, 3)) return std::nullopt;
  Progress progress{number(value.items[0]), number(value.items[1]), Millis{value.items[2].integer}};
  if (progress.left > progress.total) progress.total = progress.left;
  return progress;
}

std::vector<KeptLog> read_logs(const Value& value) {
  std::vector<KeptLog> logs;
  for (const Value& item : value.items) {
    if (!is_array(item, 6)) continue;
    logs.push_back({.target = static_cast<topology::NodeId>(item.items[0].integer),
                    .entries = number(item.items[1]),
                    .bytes = number(item.items[2]),
                    .oldest = Millis{item.items[3].integer},
                    .draining = read_progress(item.items[4]),
                    .full = item.items[5].integer != 0});
  }
  return logs;
}

std::optional<VerificationFacts> read_verification(const Value& value) {
  if (!is_array(value, 6)) return std::nullopt;
  VerificationFacts facts{.id = number(value.items[0]),
                          .progress = read_progress(value.items[1]).value_or(Progress{}),
                          .skipped = {},
                          .differences = number(value.items[3]),
                          .mended = number(value.items[4]),
                          .samples = {}};
  const auto& skipped = value.items[2].items;
  for (size_t i = 0; i + 1 < skipped.size(); i += 2)
    facts.skipped[skipped[i].text] += number(skipped[i + 1]);
  for (const Value& sample : value.items[5].items)
    facts.samples.push_back(sample.text);
  return facts;
}

}  // namespace

Result<Heartbeat> read_heartbeat(const Result<Value>& reply, const std::string& name) {
  if (!reply.ok()) return reply.status();
  if (reply->is(Value::Kind::kError)) return Status::invalid(reply->text);
  const auto& items = reply->items;
  if (!is_array(*reply, 14)) {
    return Status::invalid("what answers at its address is not a data server of this version");
  }
  if (items[0].text != name) {
    return Status::invalid(fmt::format("at its address answers '{}'", items[0].text));
  }
  return Heartbeat{.epoch = number(items[1]),
                   .ready = items[2].integer != 0,
                   .shards_offline = static_cast<uint32_t>(items[3].integer),
                   .recovered_epoch = number(items[4]),
                   .vnodes_left = static_cast<uint32_t>(items[5].integer),
                   .incarnation = number(items[6]),
                   .disk_full = items[7].integer != 0,
                   .recovery = read_progress(items[8]),
                   .logs = read_logs(items[9]),
                   .verification = read_verification(items[10]),
                   .anti_entropy = read_progress(items[11]),
                   .disk_mark = number(items[12]),
                   .shards_silent_for = Millis{items[13].integer}};
}

}  // namespace doris::admin

// What Config::validate() asks of values that are each in range: that they fit together.
#include <fmt/format.h>

#include <algorithm>

#include "base/config.h"
#include "base/config_value.h"

namespace doris {
namespace {

// A rule between two numbers: `larger` must be at least `times` the `smaller`.
struct Order {
  std::string_view larger;
  std::string_view smaller;
  uint64_t times;
  std::string_view why;
};

constexpr Order kOrders[] = {
    {"client-output-buffer-limit", "client-output-pause", 1,
     "a client must be made to wait before it is closed"},
    {"client-output-buffer-limit", "proto-max-bulk-len", 1,
     "or the largest value could never be read"},
    {"backend-queue-limit", "proto-max-bulk-len", 1, "or the largest value could never be written"},
    {"reconnect-backoff-max", "reconnect-backoff-min", 1, "the pause grows from min to max"},
    {"request-timeout", "backend-suspect-after", 1,
     "a silent server is to be reported before its requests are given up"},
    {"disk-free-min", "log-segment-size", 2,
     "a checkpoint on a nearly full disk still needs room for new log files"},
    {"vnodes", "initial-servers-per-group", 1, "each server owns one virtual node or more"},
};

struct Number {
  int64_t value;
  std::string written;
};

Number number_of(const Config& config, const ConfigKey& key) {
  if (key.type == ConfigKey::Type::kBytes) {
    const auto bytes = static_cast<int64_t>(config.bytes(key.name));
    return {bytes, written_bytes(bytes)};
  }
  if (key.type == ConfigKey::Type::kDuration) {
    const Millis duration = config.duration(key.name);
    return {duration.count(), written_duration(duration)};
  }
  return {config.integer(key.name), std::to_string(config.integer(key.name))};
}

Status check_order(const Config& config, Program program, const Order& order) {
  const ConfigKey* const larger = find_config_key(order.larger);
  const ConfigKey* const smaller = find_config_key(order.smaller);
  DORIS_CHECK(larger != nullptr && smaller != nullptr, order.larger);
  if (!larger->read_by(program) || !smaller->read_by(program)) return Status::okay();
  const Number high = number_of(config, *larger);
  const Number low = number_of(config, *smaller);
  if (high.value / static_cast<int64_t>(order.times) >= low.value) return Status::okay();
  const std::string bound = order.times == 1 ? std::string(order.smaller)
                                             : fmt::format("{} x {}", order.times, order.smaller);
  return Status::invalid(fmt::format("{} ({}) is below {} ({}): {}; raise {} or lower {}",
                                     order.larger, high.written, bound, low.written, order.why,
                                     order.larger, order.smaller));
}

Status check_server(const Config& config) {
  if (config.text("node-name").empty()) {
    return Status::invalid(
        "node-name is empty: a data server needs a name of its own; set node-name, for "
        "example to a1");
  }
  const std::string& bind = config.text("bind");
  if (config.text("announce-host").empty() && (bind == "0.0.0.0" || bind == "::")) {
    return Status::invalid(fmt::format(
        "bind ({}) is every address of this machine, and nobody could connect to that; set "
        "announce-host to the one that the others reach",
        bind));
  }
  constexpr uint64_t kCacheBytesMin = 16UL << 20;  // Some for each of the shards.
  const uint64_t cache = config.bytes("cache-size");
  if (cache != 0 && cache < kCacheBytesMin) {
    return Status::invalid(fmt::format("cache-size ({}) is too small; write 16mb or more, or 0",
                                       written_bytes(static_cast<int64_t>(cache))));
  }
  return Status::okay();
}

}  // namespace

Status Config::validate(Program program) const {
  for (const Order& order : kOrders)
    DORIS_RETURN_IF_ERROR(check_order(*this, program, order));
  if (program == Program::kServer) return check_server(*this);
  return Status::okay();
}

}  // namespace doris

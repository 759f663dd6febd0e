// What Config::validate() asks of values that are each in range: that they fit together.
#include <fmt/format.h>

#include <utility>

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

// "(64mb, doris.conf:3)": a value and where it was set, for whoever has to change it.
std::string told(const Config& config, std::string_view key, std::string_view written) {
  return fmt::format("({}, {})", written, config.origin(key));
}

struct Number {
  int64_t value;
  std::string told;
};

Number number_of(const Config& config, const ConfigKey& key) {
  if (key.type == ConfigKey::Type::kBytes) {
    const auto bytes = static_cast<int64_t>(config.bytes(key.name));
    return {bytes, told(config, key.name, written_bytes(bytes))};
  }
  if (key.type == ConfigKey::Type::kDuration) {
    const Millis duration = config.duration(key.name);
    return {duration.count(), told(config, key.name, written_duration(duration))};
  }
  const int64_t number = config.integer(key.name);
  return {number, told(config, key.name, std::to_string(number))};
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
  return Status::invalid(fmt::format("{} {} is below {} {}: {}; raise {} or lower {}", order.larger,
                                     high.told, bound, low.told, order.why, order.larger,
                                     order.smaller));
}

Status check_name(const Config& config) {
  if (!config.text("node-name").empty()) return Status::okay();
  return Status::invalid(
      fmt::format("node-name ({}) is empty: a data server needs a name of its own; set "
                  "node-name, for example to a1",
                  config.origin("node-name")));
}

Status check_address(const Config& config) {
  const std::string& bind = config.text("bind");
  const bool is_everywhere = bind == "0.0.0.0" || bind == "::";
  if (!is_everywhere || !config.text("announce-host").empty()) return Status::okay();
  return Status::invalid(
      fmt::format("bind {} is every address of this machine, and nobody could connect to that; set "
                  "announce-host to the one that the others reach",
                  told(config, "bind", bind)));
}

Status check_cache(const Config& config) {
  constexpr uint64_t kCacheBytesMin = 16UL << 20;  // Some for each of the shards.
  const uint64_t cache = config.bytes("cache-size");
  if (cache == 0 || cache >= kCacheBytesMin) return Status::okay();
  const std::string written = written_bytes(static_cast<int64_t>(cache));
  return Status::invalid(fmt::format("cache-size {} is too small; write 16mb or more, or 0",
                                     told(config, "cache-size", written)));
}

}  // namespace

std::vector<Status> Config::validate(Program program) const {
  std::vector<Status> errors;
  const auto note = [&](Status status) {
    if (!status.ok()) errors.push_back(std::move(status));
  };
  for (const Order& order : kOrders)
    note(check_order(*this, program, order));
  if (program == Program::kServer) {
    note(check_name(*this));
    note(check_address(*this));
    note(check_cache(*this));
  }
  return errors;
}

}  // namespace doris

#include "server/evaluation.h"

#include <fmt/format.h>

#include "resp/errors.h"
#include "resp/words.h"

namespace doris::server {
namespace {

using resp::Update;
using resp::Value;
using Found = std::optional<RecordView>;

Value bulk_of(const Found& found) {
  return found ? Value::bulk(std::string(found->value)) : Value::null();
}

Evaluation unchanged(Value reply) {
  return {.reply = std::move(reply)};
}

// As SET: no time to live is kept.
Evaluation set(std::string_view argument, Value reply) {
  return {.reply = std::move(reply), .changes = true, .value = std::string(argument)};
}

Evaluation remove(const Found& found, Value reply) {
  if (!found) return unchanged(std::move(reply));
  return {.reply = std::move(reply), .changes = true, .removes = true};
}

Evaluation increment(std::string_view argument, const Found& found) {
  int64_t by = 0;
  int64_t value = 0;
  const bool numbers =
      resp::parse_integer(argument, by) && (!found || resp::parse_integer(found->value, value));
  if (!numbers) return unchanged(Value::error(std::string(resp::kNotAnInteger)));
  if (__builtin_add_overflow(value, by, &value))
    return unchanged(Value::error("ERR increment or decrement would overflow"));
  return {.reply = Value::of(value),
          .changes = true,
          .expires_at_ms = found ? found->header.expires_at_ms : 0,
          .value = fmt::to_string(value)};
}

Evaluation append(std::string_view argument, const Found& found, size_t value_bytes_max) {
  std::string value(found ? found->value : "");
  if (value.size() + argument.size() > value_bytes_max) {
    return unchanged(Value::error("ERR string exceeds maximum allowed size (proto-max-bulk-len)"));
  }
  value += argument;
  return {.reply = Value::of(static_cast<int64_t>(value.size())),
          .changes = true,
          .expires_at_ms = found ? found->header.expires_at_ms : 0,
          .value = std::move(value)};
}

}  // namespace

bool needs_value(Update update) {
  switch (update) {
    case Update::kSet:
    case Update::kSetIfAbsent:
    case Update::kSetIfPresent:
    case Update::kDelete:
      return false;
    default:
      return true;
  }
}

Evaluation evaluate(Update update, std::string_view argument, const Found& found,
                    size_t value_bytes_max) {
  switch (update) {
    case Update::kSet:
      return set(argument, Value::simple("OK"));
    case Update::kSetIfAbsent:
      return found ? unchanged(Value::null()) : set(argument, Value::simple("OK"));
    case Update::kSetIfPresent:
      return found ? set(argument, Value::simple("OK")) : unchanged(Value::null());
    case Update::kGetSet:
      return set(argument, bulk_of(found));
    case Update::kGetSetIfAbsent:
      return found ? unchanged(bulk_of(found)) : set(argument, Value::null());
    case Update::kGetSetIfPresent:
      return found ? set(argument, bulk_of(found)) : unchanged(Value::null());
    case Update::kIncrement:
      return increment(argument, found);
    case Update::kAppend:
      return append(argument, found, value_bytes_max);
    case Update::kDelete:
      return remove(found, Value::of(found ? 1 : 0));
    case Update::kGetDelete:
      return remove(found, bulk_of(found));
  }
  return {};
}

}  // namespace doris::server

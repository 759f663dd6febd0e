#include "server/record_view.h"

namespace doris::server {
namespace {

using resp::Value;

std::string_view state_of(const std::optional<RecordView>& record, int64_t now_ms) {
  if (!record) return "absent";
  if (record->header.tombstone) return "deleted";
  return record->header.live(now_ms) ? "live" : "expired";
}

}  // namespace

Value describe_record(const KeyRef& key, uint32_t shard,
                      const Result<std::optional<RecordView>>& found, int64_t now_ms) {
  if (!found.ok()) return Value::error("SHARDDOWN " + found.status().message());
  const std::optional<RecordView>& record = *found;
  const auto text = [](std::string_view bytes) { return Value::bulk(std::string(bytes)); };
  return Value::map({text("key"), text(key.physical_key), text("vnode"), Value::of(key.vnode),
                     text("shard"), Value::of(shard), text("state"), text(state_of(record, now_ms)),
                     text("version"), record ? text(record->header.version.text()) : Value::null(),
                     text("expires"), Value::of(record ? record->header.expires_at_ms : 0),
                     text("value"), record ? text(record->value) : Value::null()});
}

}  // namespace doris::server

// A record as people and tests see it: DORIS.RECORD's answer. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "resp/value.h"
#include "server/store.h"

namespace doris::server {

// A map of vnode, shard, state ("live", "expired", "deleted", "absent"), version, expires
// (Unix ms, 0 for never) and value; or an error.
[[nodiscard]] resp::Value describe_record(const KeyRef& key, uint32_t shard,
                                          const Result<std::optional<RecordView>>& found,
                                          int64_t now_ms);

}  // namespace doris::server

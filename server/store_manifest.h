// StoreManifest: the content of doris.store, the file that says whose data a server's
// directory holds and in which shape. FORMAT.md has the grammar.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace doris::server {

constexpr uint32_t kStoreFormat = 1;  // What this Doris writes, and the highest that it reads.

struct StoreManifest {
  std::string node;     // [A-Za-z0-9._-]{1,64}.
  uint32_t shards = 0;  // 1..kShardsMax.
  std::string cluster;  // 32 lower-case hex digits; empty until known.
  uint32_t vnodes = 0;  // 1..kVnodesMax; 0 just as long as the cluster is empty.

  bool operator==(const StoreManifest&) const = default;
};

// REQUIRES: the ranges above.
[[nodiscard]] std::string encode_manifest(const StoreManifest& manifest);

// kTooNew for a later format, kCorrupt for what encode_manifest() does not make.
[[nodiscard]] Result<StoreManifest> decode_manifest(std::string_view file);

}  // namespace doris::server

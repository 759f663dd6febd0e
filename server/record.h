// Record: one key's value with its version, as it is stored. FORMAT.md has the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "resp/version.h"

namespace doris::server {

struct RecordHeader {
  resp::Version version{};
  int64_t expires_at_ms = 0;  // Unix time; 0: never.
  bool tombstone = false;     // Deleted; the value is empty.
  bool compressed = false;    // Reserved: no writer sets it yet.

  // Whether a reader at `now_ms` gets a value.
  [[nodiscard]] bool live(int64_t now_ms) const {
    return !tombstone && (expires_at_ms == 0 || now_ms < expires_at_ms);
  }

  bool operator==(const RecordHeader&) const = default;
};

struct RecordView {
  RecordHeader header;
  std::string_view value;  // Into the bytes that were decoded.
};

// The longest encoded header: enough of a stored value to decode_header().
constexpr size_t kRecordHeaderBytesMax = 26;

// Appends the encoded record to `out`.
void encode_record(const RecordHeader& header, std::string_view value, std::string& out);

// kCorrupt, or kTooNew for a record format of a later Doris.
Result<RecordView> decode_record(std::string_view bytes);

// Decodes the header from the first bytes of a record (kRecordHeaderBytesMax, or all of
// a shorter one). `value` of the result is what of it follows in `bytes`.
Result<RecordHeader> decode_header(std::string_view bytes);

}  // namespace doris::server

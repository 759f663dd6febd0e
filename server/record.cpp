#include "server/record.h"

#include <fmt/format.h>

#include "server/big_endian.h"

namespace doris::server {
namespace {

constexpr uint8_t kFormat = 1;

constexpr uint8_t kTombstone = 0x01;
constexpr uint8_t kCompressed = 0x02;
constexpr uint8_t kExpires = 0x04;
constexpr uint8_t kFlags = kTombstone | kCompressed | kExpires;

constexpr size_t kFormatAt = 0;
constexpr size_t kFlagsAt = 1;
constexpr size_t kVersionAt = 2;
constexpr size_t kExpiryAt = kVersionAt + resp::Version::kBytes;
constexpr size_t kExpiryBytes = sizeof(int64_t);
static_assert(kExpiryAt + kExpiryBytes == kRecordHeaderBytesMax);

uint8_t flags_of(const RecordHeader& header) {
  uint8_t flags = 0;
  if (header.tombstone) flags |= kTombstone;
  if (header.compressed) flags |= kCompressed;
  if (header.expires_at_ms != 0) flags |= kExpires;
  return flags;
}

size_t header_bytes(uint8_t flags) {
  return (flags & kExpires) == 0 ? kExpiryAt : kRecordHeaderBytesMax;
}

// The flags, when format and flags are ones that this Doris knows and the header is whole.
Result<uint8_t> check_header(std::string_view bytes) {
  if (bytes.size() < kVersionAt) return Status::corrupt("a record of less than 2 bytes");
  const auto format = static_cast<uint8_t>(bytes[kFormatAt]);
  if (format == 0) return Status::corrupt("a record of format 0");
  if (format > kFormat) return Status::too_new(fmt::format("a record of format {}", format));
  const auto flags = static_cast<uint8_t>(bytes[kFlagsAt]);
  if ((flags & ~kFlags) != 0)
    return Status::too_new(fmt::format("a record with flags {:#04x}", flags));
  if (bytes.size() < header_bytes(flags))
    return Status::corrupt(fmt::format("a record of {} bytes, cut in its header", bytes.size()));
  return flags;
}

}  // namespace

void encode_record(const RecordHeader& header, std::string_view value, std::string& out) {
  DORIS_CHECK(!header.tombstone || value.empty(), "a tombstone has no value");
  char version[resp::Version::kBytes];
  header.version.encode(version);
  out += static_cast<char>(kFormat);
  out += static_cast<char>(flags_of(header));
  out.append(version, sizeof version);
  if (header.expires_at_ms != 0)
    append_big_endian(static_cast<uint64_t>(header.expires_at_ms), out);
  out += value;
}

Result<RecordHeader> decode_header(std::string_view bytes) {
  const Result<uint8_t> flags = check_header(bytes);
  if (!flags.ok()) return flags.status();
  RecordHeader header;
  header.version = resp::Version::decode(bytes.data() + kVersionAt);
  header.tombstone = (*flags & kTombstone) != 0;
  header.compressed = (*flags & kCompressed) != 0;
  if ((*flags & kExpires) != 0) {
    header.expires_at_ms = static_cast<int64_t>(read_big_endian<uint64_t>(&bytes[kExpiryAt]));
    if (header.expires_at_ms == 0) return Status::corrupt("a record that expires at 0");
  }
  if (header.tombstone && bytes.size() > header_bytes(*flags))
    return Status::corrupt("a tombstone with a value");
  return header;
}

Result<RecordView> decode_record(std::string_view bytes) {
  const Result<RecordHeader> header = decode_header(bytes);
  if (!header.ok()) return header.status();
  return RecordView{*header, bytes.substr(header_bytes(flags_of(*header)))};
}

}  // namespace doris::server

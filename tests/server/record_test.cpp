#include "server/record.h"

#include <catch2/catch.hpp>

#include "base/random.h"

namespace doris::server {
namespace {

std::string encoded(const RecordHeader& header, std::string_view value) {
  std::string bytes;
  encode_record(header, value, bytes);
  return bytes;
}

RecordHeader random_header(Random& random) {
  RecordHeader header;
  header.version.epoch = static_cast<uint32_t>(random.next());
  header.version.hlc = random.next();
  header.version.writer = static_cast<uint32_t>(random.next());
  if (random.below(2) == 0) header.expires_at_ms = static_cast<int64_t>(random.next() >> 1) + 1;
  header.tombstone = random.below(4) == 0;
  header.compressed = random.below(4) == 0;
  return header;
}

std::string random_value(Random& random) {
  std::string value(random.below(100), '\0');
  for (char& c : value)
    c = static_cast<char>(random.next());
  return value;
}

TEST_CASE("a record has the bytes that FORMAT.md shows") {
  RecordHeader header;
  header.version = {3, 0x0102030405060708, 0x101};
  CHECK(encoded(header, "hi") == std::string("\x01\x00\x00\x00\x00\x03"
                                             "\x01\x02\x03\x04\x05\x06\x07\x08"
                                             "\x00\x00\x01\x01hi",
                                             20));
  header.expires_at_ms = 0x1122334455667788;
  CHECK(encoded(header, "hi") == std::string("\x01\x04\x00\x00\x00\x03"
                                             "\x01\x02\x03\x04\x05\x06\x07\x08"
                                             "\x00\x00\x01\x01"
                                             "\x11\x22\x33\x44\x55\x66\x77\x88hi",
                                             28));
}

TEST_CASE("a record decodes to what was encoded") {
  Random random(1);
  for (int i = 0; i < 10'000; ++i) {
    const RecordHeader header = random_header(random);
    const std::string value = header.tombstone ? "" : random_value(random);
    const std::string bytes = encoded(header, value);
    const auto record = decode_record(bytes);
    REQUIRE(record.ok());
    REQUIRE((*record).header == header);
    REQUIRE((*record).value == value);
    const auto prefix = decode_header(std::string_view(bytes).substr(0, kRecordHeaderBytesMax));
    REQUIRE(prefix.ok());
    REQUIRE(*prefix == header);
  }
}

TEST_CASE("a record cut within its header is corrupt") {
  RecordHeader header;
  header.version = {3, 7, 1};
  const std::string plain = encoded(header, "");
  for (size_t bytes = 0; bytes < plain.size(); ++bytes)
    CHECK(decode_record(plain.substr(0, bytes)).code() == Code::kCorrupt);
  header.expires_at_ms = 5;
  const std::string expiring = encoded(header, "");
  for (size_t bytes = 0; bytes < expiring.size(); ++bytes)
    CHECK(decode_header(expiring.substr(0, bytes)).code() == Code::kCorrupt);
}

TEST_CASE("a record of a later format or with later flags is too new, not corrupt") {
  std::string bytes = encoded({}, "value");
  bytes[0] = 2;
  CHECK(decode_record(bytes).code() == Code::kTooNew);
  for (int flag = 3; flag < 8; ++flag) {
    bytes = encoded({}, "value");
    bytes[1] = static_cast<char>(1 << flag);
    CHECK(decode_record(bytes).code() == Code::kTooNew);
  }
}

TEST_CASE("a record that no encoder makes is corrupt") {
  std::string zero_format = encoded({}, "value");
  zero_format[0] = 0;
  CHECK(decode_record(zero_format).code() == Code::kCorrupt);

  std::string dead_with_value = encoded({.tombstone = true}, "") + "value";
  CHECK(decode_record(dead_with_value).code() == Code::kCorrupt);

  std::string expiring_at_zero = encoded({.expires_at_ms = 1}, "value");
  expiring_at_zero[kRecordHeaderBytesMax - 1] = 0;
  CHECK(decode_record(expiring_at_zero).code() == Code::kCorrupt);
}

TEST_CASE("random bytes are decoded or refused, and never read beyond their end") {
  Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    // On the heap with its exact size, so that the address sanitizer sees its end.
    std::vector<char> bytes(random.below(40));
    for (char& c : bytes)
      c = static_cast<char>(random.below(8));
    const auto record = decode_record({bytes.data(), bytes.size()});
    if (!record.ok()) continue;
    REQUIRE(encoded((*record).header, (*record).value) == std::string(bytes.begin(), bytes.end()));
  }
}

TEST_CASE("a record lives until its expiry, and a tombstone not at all") {
  RecordHeader header;
  CHECK(header.live(0));
  header.expires_at_ms = 1000;
  CHECK(header.live(999));
  CHECK_FALSE(header.live(1000));
  header = {.tombstone = true};
  CHECK_FALSE(header.live(0));
}

}  // namespace
}  // namespace doris::server

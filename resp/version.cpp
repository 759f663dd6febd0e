#include "resp/version.h"

#include <fmt/format.h>

#include "base/check.h"

namespace doris::resp {
namespace {

void put_big_endian(uint64_t number, size_t bytes, char* out) {
  for (size_t i = bytes; i-- > 0; number >>= 8)
    out[i] = static_cast<char>(number & 0xFF);
}

uint64_t get_big_endian(const char* bytes, size_t count) {
  uint64_t number = 0;
  for (size_t i = 0; i < count; ++i)
    number = number << 8 | static_cast<uint8_t>(bytes[i]);
  return number;
}

}  // namespace

// With the clock unchanged the writer decides, if the proposal's is high enough; that keeps
// clocks from running ahead under contention. Otherwise the clock goes up by one, and the
// epoch if the clock is at its end, which no wall clock reaches but a damaged record may.
Version Version::raised_for(const Version& proposal) const {
  DORIS_CHECK(proposal <= *this, "only a version that lost is raised");
  const uint32_t raised_writer = proposal.writer | kRaisedBit;
  if (raised_writer > writer) return {epoch, hlc, raised_writer};
  if (hlc < kHlcMax) return {epoch, hlc + 1, raised_writer};
  DORIS_CHECK(epoch < kEpochMax, "a version at the end of all epochs cannot be raised");
  return {epoch + 1, 0, raised_writer};
}

void Version::encode(char* out) const {
  put_big_endian(epoch, 4, out);
  put_big_endian(hlc, 8, out + 4);
  put_big_endian(writer, 4, out + 12);
}

Version Version::decode(const char* bytes) {
  return {static_cast<uint32_t>(get_big_endian(bytes, 4)), get_big_endian(bytes + 4, 8),
          static_cast<uint32_t>(get_big_endian(bytes + 12, 4))};
}

std::string Version::text() const {
  return fmt::format("{}-{}.{}-{}{}", epoch, hlc >> 16, hlc & 0xFFFF, writer & ~kRaisedBit,
                     (writer & kRaisedBit) != 0 ? "r" : "");
}

}  // namespace doris::resp

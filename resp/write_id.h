// What routers and data servers call a write of a key in one version, when they speak about
// whether it is settled (PROTOCOL.md, "Settled writes"). Two writes share an id once in 2^64.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "resp/version.h"

namespace doris::resp {

using WriteId = uint64_t;
inline constexpr size_t kWriteIdBytes = sizeof(WriteId);  // On the wire, big-endian.

// A data server brings a write to its other copy itself once its router has been away for the
// grace. A router proposes a write that was not answered again only within the time that is less:
// whatever is evaluated anew has not been spread by then.
constexpr Millis kOrphanGrace{2000};
constexpr Millis kProposalTimeMax{1800};

// XXH64 of the physical key, with a seed made of the version.
[[nodiscard]] inline WriteId write_id(std::string_view physical_key, const Version& version) {
  constexpr uint64_t kOddMultiplier = 0x9E3779B97F4A7C15ULL;  // 2^64 / the golden ratio.
  const uint64_t epoch_and_writer = uint64_t{version.epoch} << 32 | version.writer;
  return XXH64(physical_key.data(), physical_key.size(),
               version.hlc * kOddMultiplier ^ epoch_and_writer);
}

}  // namespace doris::resp

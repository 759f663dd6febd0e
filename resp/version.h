// Version: the total order of all writes of one key. Part of the internal dialect
// (PROTOCOL.md): routers propose it, servers keep it in every record.
//
// Compared field by field in this order: the topology epoch (so that nothing a failed
// node accepted late beats what the survivors acknowledged), a hybrid logical clock (so
// that the order follows real time as far as clocks allow; Kulkarni et al. 2014), the
// writer (so that two writes never tie).
//
// The router proposes a version. The primary keeps it if it is higher than the one it
// holds, and otherwise raises it above that one; a raised version has kRaisedBit in its
// writer, which no proposal has, so a raise never equals another write's proposal.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/guard.h"
#include "base/status.h"

namespace doris::resp {

struct Version {
  static constexpr uint32_t kRaisedBit = 0x80000000U;
  static constexpr uint32_t kEpochMax = 0xFFFFFFFFU;
  static constexpr uint64_t kHlcMax = ~0ULL;
  static constexpr size_t kBytes = 16;

  uint32_t epoch = 0;
  uint64_t hlc = 0;     // Wall milliseconds << 16 | counter.
  uint32_t writer = 0;  // Router process number << 8 | thread, and kRaisedBit.

  bool operator==(const Version&) const = default;
  std::strong_ordering operator<=>(const Version& other) const {
    if (guarded(Guard::kEpochLeads) && epoch != other.epoch) return epoch <=> other.epoch;
    if (hlc != other.hlc) return hlc <=> other.hlc;
    return writer <=> other.writer;
  }

  // The lowest raised version above this one that `proposal`'s writer may take.
  // REQUIRES: proposal <= *this, so the epochs are equal or ours is higher; and *this is
  // not the very last version there is.
  [[nodiscard]] Version raised_for(const Version& proposal) const;

  // Big-endian, so that the bytes compare as the versions do.
  void encode(char* out) const;              // Writes kBytes.
  static Version decode(const char* bytes);  // Reads kBytes.

  [[nodiscard]] std::string text() const;  // "3-1763860079123.0-257" for people.
};

}  // namespace doris::resp

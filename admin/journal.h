// The journal: who made each epoch, when, what changed, and why. FORMAT.md has its text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/topology/topology.h"

namespace doris::admin {

struct JournalEntry {
  topology::Epoch epoch = 0;
  int64_t at_ms = 0;  // Unix milliseconds.
  std::string who;    // "a1 (127.0.0.1:7000)", "the admin"
  std::string what;   // "a1 joined group a"
  std::string why;    // "it registered for the first time"

  bool operator==(const JournalEntry&) const = default;
};

// The key orders entries by their epochs.
[[nodiscard]] std::string journal_key(topology::Epoch epoch);

// Control characters in the texts become spaces.
[[nodiscard]] std::string encode_entry(const JournalEntry& entry);

// kCorrupt if `text` is not what encode_entry() makes.
Result<JournalEntry> decode_entry(topology::Epoch epoch, std::string_view text);

}  // namespace doris::admin

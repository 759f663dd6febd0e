// The write rule: what becomes of a write, given what is held. Pure, so that every store
// (Berkeley DB, a simulated disk) applies the same one.
//
//   the proposal is..    primary          secondary
//   the first            apply            apply
//   newer than held      apply            apply
//   the one held         keep             keep            a retry: it is here already
//   older than held      raise and apply  keep            a newer write won
#pragma once

#include <cstdint>
#include <optional>

#include "resp/version.h"
#include "server/record.h"
#include "server/store.h"

namespace doris::server {

enum class Verdict : uint8_t {
  kKeep,   // What is held stays.
  kApply,  // The write is stored under the version proposed.
  kRaise,  // The write is stored under a version above the one held.
};

struct Decision {
  Verdict verdict;
  resp::Version version;  // What the store holds afterwards.
};

[[nodiscard]] Decision decide(const std::optional<RecordHeader>& held,
                              const resp::Version& proposal, Role role);

}  // namespace doris::server

// Guards: the rules that keep Doris's promises, one by one, where the code asks for them.
//
//   if (guarded(Guard::kWitness) && !others_agree()) return false;
//
// In every build that anybody runs all hold, and asking costs nothing. A test build that defines
// DORIS_SWITCHABLE_GUARDS takes one away, to show that its loss is noticed (tests/bite).
#pragma once

#include <cstdint>

namespace doris {

enum class Guard : uint8_t {
  // Versions and records.
  kEpochLeads,       // Versions are compared by their epochs first.
  kPrimaryRaises,    // The primary raises an older proposal above what it holds.
  kReplicasCompare,  // The other replica keeps the newest version, not the last to come.
  kTombstones,       // A deletion leaves a tombstone.
  kFloor,            // What is older than a reclaimed tombstone stays out.
  kFloorsTakenOver,  // Who is filled anew learns below what tombstones were reclaimed.
  // The write path.
  kSecondCopyAwaited,    // OK means two copies.
  kSecondCopySent,       // A second copy whose connection was lost is sent again.
  kReadersWait,          // What is not settled is shown to nobody.
  kRepetitionsAnswered,  // A write that is sent again is answered, and not done again.
  kOperationsNamed,      // Nor is one that is proposed anew in a later epoch.
  kOvertakenForgotten,   // .. unless its primary may have ordered another without it.
  kSharesNamed,          // Who is brought a write that others wait for learns its operation, too.
  // Fencing.
  kOlderEpochsRefused,  // A shard serves no connection of an older epoch.
  kOlderLinksClosed,    // A writer has one connection: DORIS.LINK ends the one before.
  kRestartsConfirmed,   // A data server that has restarted waits for its epoch to be confirmed.
  kEpochPersisted,      // An epoch is on the disk before anybody acts on it.
  // Failure and recovery.
  kWitness,            // One observer fails nobody.
  kLogsNameTarget,     // An update log knows whom its writes are for.
  kLogsDrained,        // Who recovers fetches the update logs that were kept for it..
  kOtherLogsRead,      // ..those for the others, too, if nobody is there to be compared with..
  kBehindFetched,      // ..and what those have taken who recover, too,..
  kDigestsCompared,    // ..and is up only when it has been compared with the other replica.
  kComingAwaited,      // .. and what was on its way there has come, or ended otherwise.
  kOlderDisksNoticed,  // Who comes back with an older disk than it had waits for the others.
  kScanErrorsFail,     // An error while a virtual node is read is not its end.
};

#ifdef DORIS_SWITCHABLE_GUARDS

inline uint32_t guards_switched_off = 0;  // A bit each.

inline bool guarded(Guard guard) {
  return (guards_switched_off >> static_cast<uint32_t>(guard) & 1U) == 0;
}

#else

constexpr bool guarded(Guard) {
  return true;
}

#endif

}  // namespace doris

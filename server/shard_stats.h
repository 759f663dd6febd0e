// What a shard counts. Written by its own thread only, read by any.
#pragma once

#include "base/counter.h"

namespace doris::server {

struct ShardStats {
  Counter sessions;         // Connected now.
  Counter steps;            // Commands that ended, and ticks: while it moves, the shard goes on.
  Counter busy_bytes;       // Of the command that is being done, if it has many; else 0.
  Counter reads;            // VGET, VHAS.
  Counter writes;           // VSET, VDEL.
  Counter raised;           // Writes whose version the primary raised.
  Counter commits;          // Batches committed.
  Counter failed_batches;   // Batches that could not be, and were run again without writes.
  Counter live_keys;        // As of the last commit.
  Counter offline;          // 1: the store has failed.
  Counter vnodes_left;      // Of a recovering node: not known to be complete yet.
  Counter recovered_epoch;  // The epoch in which they all were; 0: not yet.
  Counter checked_vnodes;   // By background anti-entropy: compared with their other replica.
  Counter differences;      // Records that it has found to differ, and mended.
  Counter shared;           // Keys whose writes it brought to the other copy for who waited.
  Counter reclaimed;        // Tombstones and expired records that were removed for good.
  Counter log_entries;      // In the update logs kept here, for all targets; as of the last tick.
  Counter log_bytes;        // Of their keys and values.
};

}  // namespace doris::server

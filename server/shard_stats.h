// What a shard counts. Written by its own thread only, read by any.
#pragma once

#include "base/counter.h"

namespace doris::server {

struct ShardStats {
  Counter sessions;        // Connected now.
  Counter reads;           // VGET, VHAS.
  Counter writes;          // VSET, VDEL.
  Counter raised;          // Writes whose version the primary raised.
  Counter commits;         // Batches committed.
  Counter failed_batches;  // Batches that could not be, and were run again without writes.
  Counter live_keys;       // As of the last commit.
  Counter offline;         // 1: the store has failed.
};

}  // namespace doris::server

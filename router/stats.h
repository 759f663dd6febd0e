// What a worker counts. Written by its own thread only, read by any.
#pragma once

#include "base/counter.h"

namespace doris::router {

struct WorkerStats {
  Counter clients;            // Connected now.
  Counter half_closed;        // Of these, have ended their side and get what they are owed.
  Counter connections;        // Accepted ever.
  Counter commands;           // Run ever, errors included.
  Counter errors;             // Error replies.
  Counter keyspace_hits;      // GET, MGET: keys found.
  Counter keyspace_misses;    //            and not found.
  Counter output_limit_hits;  // Clients closed by client-output-buffer-limit.
  Counter backend_queued;     // Requests waiting for data servers, as of the last tick.
  Counter backend_bytes;      // Their bytes.
};

}  // namespace doris::router

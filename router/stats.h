// What a worker counts. Written by its own thread only, read by any: relaxed atomics
// without a locked instruction.
#pragma once

#include <atomic>
#include <cstdint>

namespace doris::router {

class Counter {
 public:
  // The owning thread only.
  void add(int64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  // Any thread.
  [[nodiscard]] int64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

struct WorkerStats {
  Counter clients;            // Connected now.
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

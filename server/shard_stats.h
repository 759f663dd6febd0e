// What a shard counts. Written by its own thread only, read by any.
#pragma once

#include <atomic>
#include <cstdint>

namespace doris::server {

class Counter {
 public:
  void add(int64_t amount = 1) { set(get() + amount); }  // The owning thread only.
  void set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] int64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

struct ShardStats {
  Counter sessions;       // Connected now.
  Counter reads;          // VGET, VHAS.
  Counter writes;         // VSET, VDEL.
  Counter raised;         // Writes whose version the primary raised.
  Counter commits;        // Batches committed.
  Counter failed_batches; // Batches that could not be, and were run again without writes.
  Counter live_keys;      // As of the last commit.
  Counter offline;        // 1: the store has failed.
};

}  // namespace doris::server

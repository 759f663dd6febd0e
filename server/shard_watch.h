// ShardWatch: whether the shards of a node go on. A shard's thread may hang, on a disk that does
// not answer, say, while the node's other threads know nothing of it. One that is merely busy, for
// however long, is not silent: its commands come to an end. A large value takes a slow disk a
// while.
//
// Silence is counted in looks of one thread at the other, not in time: when the whole process has
// been frozen, its shards were not silent.
//
// Control thread only.
#pragma once

#include <algorithm>
#include <vector>

#include "base/clock.h"

namespace doris::server {

class ShardWatch {
 public:
  static constexpr Millis kLook{200};                 // As often as an idle shard does something.
  static constexpr int64_t kBytesPerLook = 4L << 20;  // So much a slow disk takes meanwhile, alone.

  explicit ShardWatch(size_t shards) : seen_(shards) {}

  // Once every kLook for each shard. `steps`: any number that changes when the shard does
  // something. `busy_bytes`: of what it is doing. (ShardStats)
  void look(size_t shard, int64_t steps, int64_t busy_bytes = 0) {
    Seen& seen = seen_[shard];
    const int64_t normal = kNormal + busy_bytes / kBytesPerLook;
    seen.looks = steps == seen.steps ? seen.looks + 1 : 0;
    seen.steps = steps;
    seen.silent = seen.looks > normal ? seen.looks - (normal - kNormal) : 0;
  }

  // How long the one that did something the longest ago has been silent; 0 if all go on.
  [[nodiscard]] Millis silence() const {
    const auto most = std::ranges::max_element(seen_, {}, &Seen::silent);
    return most == seen_.end() ? Millis{0} : most->silent * kLook;
  }

 private:
  static constexpr int64_t kNormal = 2;  // A step may come just after a look.

  struct Seen {
    int64_t steps = 0;
    int64_t looks = 0;   // Since `steps` has changed.
    int64_t silent = 0;  // Of these, those by which it ought to have.
  };
  std::vector<Seen> seen_;  // By shard.
};

}  // namespace doris::server

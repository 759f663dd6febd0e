// ShardWatch: whether the shards of a node go on. A shard's thread may hang, on a disk that does
// not answer, say, while the node's other threads know nothing of it. One that is merely busy, for
// however long, is not silent: its commands come to an end.
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
  static constexpr Millis kLook{200};  // As often as an idle shard does something.

  explicit ShardWatch(size_t shards) : seen_(shards) {}

  // Once every kLook for each shard. `steps`: any number that changes when the shard does something
  // (ShardStats::steps).
  void look(size_t shard, int64_t steps) {
    Seen& seen = seen_[shard];
    seen.looks = steps == seen.steps ? seen.looks + 1 : 0;
    seen.steps = steps;
  }

  // How long the one that did something the longest ago has been silent; 0 if all go on.
  [[nodiscard]] Millis silence() const {
    constexpr uint32_t kNormal = 2;  // A step may come just after a look.
    const auto most = std::ranges::max_element(seen_, {}, &Seen::looks);
    return most == seen_.end() || most->looks <= kNormal ? Millis{0} : most->looks * kLook;
  }

 private:
  struct Seen {
    int64_t steps = 0;
    uint32_t looks = 0;  // Since `steps` has changed.
  };
  std::vector<Seen> seen_;  // By shard.
};

}  // namespace doris::server

#include "tests/integration/hot_keys.h"

#include <array>

namespace doris::integration {

HotKeys::Key HotKeys::choose(Random& random) {
  const uint64_t generation = commands_++ / kCommands;
  Key chosen = key(generation, random.below(kKeys));
  if (generation == 0 || random.below(16) != 0) return chosen;
  chosen = key(random.below(generation), random.below(kKeys));
  chosen.only_read = true;
  return chosen;
}

HotKeys::Key HotKeys::key(uint64_t generation, uint64_t number) {
  using enum checker::Mix;
  constexpr std::array<checker::Mix, kKeys> kMixes{kBlind, kCounting, kAtomic, kAtomic};
  return {"hot:" + std::to_string(generation) + ":" + std::to_string(number), kMixes[number],
          false};
}

}  // namespace doris::integration

// SimStory: a cluster, its clients and its misfortunes, from one seed, and the question whether
// what the clients were told can be true.
//
//   const SimStory story = tell_story(seed, {.faults = {Fault::kResets}});
//   INFO(story.trouble);
//   CHECK(story.trouble.empty());
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/sim_faults.h"

namespace doris::sim {

struct StoryOptions {
  SimCluster::Options cluster{};
  uint32_t clients = 5;
  uint32_t keys = 4;
  bool atomic_commands = false;
  bool only_increments = false;
  bool pipelines = false;
  Millis time{1500};            // Of the clients' commands, at least.
  std::vector<Fault> faults{};  // None: nothing goes wrong.
  Millis fault_pause{400};      // Between two of them, at most.
  Millis fault_time{800};       // Of one of them, at most.
};

struct SimStory {
  uint64_t seed = 0;
  uint64_t trace = 0;
  uint64_t answered = 0;      // Commands, as they should be.
  uint64_t refused = 0;       // Commands, by an error.
  std::string refusals{};     // The same, as describe() writes them.
  Micros slowest{};           // Of the commands answered..
  std::string slowest_was{};  // ..as describe() writes it.
  std::string happened{};     // The faults, and what the admin did about them.
  std::string trouble{};      // What went wrong that may not, with all that helps; empty: nothing.
};

[[nodiscard]] SimStory tell_story(uint64_t seed, const StoryOptions& options);

}  // namespace doris::sim

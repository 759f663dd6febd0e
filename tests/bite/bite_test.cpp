// The simulation bites: whichever guard is taken away, some story shows that a promise is broken,
// and with all guards on the same stories break none. README.md has what stands for which defect.
//
//   DORIS_BITE_SURVEY=20 sim_bite_test 'name'    In how many of so many stories it is noticed.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>

#include "base/guard.h"
#include "tests/sim/sim_story.h"

namespace doris::sim {
namespace {

using Guards = std::vector<Guard>;
using Broken = std::function<bool(const SimStory&)>;

// Switches guards off for as long as it lives.
class GuardsOff {
 public:
  explicit GuardsOff(const Guards& guards) {
    for (const Guard guard : guards)
      guards_switched_off |= 1U << static_cast<uint32_t>(guard);
  }
  ~GuardsOff() { guards_switched_off = 0; }
  GuardsOff(const GuardsOff&) = delete;
  GuardsOff& operator=(const GuardsOff&) = delete;
};

bool cannot_be(const SimStory& story) {
  return !story.trouble.empty();
}

bool costs_errors(const SimStory& story) {
  return story.refused > 0 || cannot_be(story);
}

SimStory tell_without(const Guards& off, uint64_t seed, const StoryOptions& options) {
  const GuardsOff without(off);
  return tell_story(seed, options);
}

// How often it is noticed, for whoever looks for a story that shows it.
void survey(const Guards& off, uint64_t count, StoryOptions options, const Broken& broken) {
  uint64_t noticed = 0;
  uint64_t first = 0;
  uint64_t sound = 0;
  for (uint64_t seed = 1; seed <= count; ++seed) {
    const SimStory story = tell_without(off, seed, options);
    if (!broken(story)) continue;
    if (++noticed == 1) {
      first = seed;
      if (std::getenv("DORIS_BITE_TELL")) fmt::print("{}\n", story.trouble);
    }
  }
  if (std::getenv("DORIS_BITE_ON")) for (uint64_t seed = 1; seed <= count; ++seed) {
    const SimStory story = tell_story(seed, options);
    if (broken(story)) fmt::print("ALL ON, seed {}: {}{}\n", seed, story.trouble, story.refusals);
    if (broken(story)) ++sound;
  }
  fmt::print("{}: {} of {} stories, the first is {}; {} with all on\n",
             Catch::getResultCapture().getCurrentTestName(), noticed, count, first, sound);
  std::fflush(stdout);
}

// Within the stories of `seeds` seeds the loss of the guards is noticed.
void show_bite(const Guards& off, uint64_t seeds, const StoryOptions& options,
               const Broken& broken = cannot_be) {
  if (const char* const count = std::getenv("DORIS_BITE_SURVEY"); count != nullptr) {
    return survey(off, std::strtoull(count, nullptr, 10), options, broken);
  }
  bool noticed = false;
  for (uint64_t seed = 1; seed <= seeds && !noticed; ++seed) {
    const SimStory sound = tell_story(seed, options);
    INFO(fmt::format("seed {}, all guards on\n{}{}", seed, sound.trouble, sound.refusals));
    REQUIRE_FALSE(broken(sound));
    noticed = broken(tell_without(off, seed, options));
  }
  CHECK(noticed);
}

StoryOptions with(std::vector<Fault> faults) {
  return {.faults = std::move(faults)};
}

StoryOptions with_updates(StoryOptions options) {
  options.atomic_commands = true;
  return options;
}

StoryOptions many_keys(StoryOptions options) {
  options.keys = 40;
  return options;
}

// ---- Versions and records ------------------------------------------------------------

TEST_CASE("the epoch leads in the order of versions") {
  show_bite({Guard::kEpochLeads}, 10, with({Fault::kSkew, Fault::kFreezeServer}));
}

TEST_CASE("the primary raises an older proposal") {
  show_bite({Guard::kPrimaryRaises}, 5, with({Fault::kSkew}));
}

TEST_CASE("the other replica keeps the newest version") {
  show_bite({Guard::kReplicasCompare}, 10, with({Fault::kKillServer}));
}

TEST_CASE("a deletion leaves a tombstone") {
  show_bite({Guard::kTombstones}, 10, with({Fault::kKillServer}));
}

TEST_CASE("what is older than a reclaimed tombstone stays out") {
  StoryOptions options = with({Fault::kFreezeRouter});
  options.time = Millis{8000};
  options.fault_time = Millis{5000};
  options.atomic_commands = true;
  options.cluster.settings = {{"anti-entropy-interval", "1s"}, {"tombstone-retention", "1s"}};
  show_bite({Guard::kFloor}, 10, options);
}

// ---- The write path ------------------------------------------------------------------

TEST_CASE("OK means two copies") {
  show_bite({Guard::kSecondCopyAwaited}, 10, with({Fault::kCutLinkAndKill}));
}

TEST_CASE("a second copy that was lost on its way is sent again") {
  show_bite({Guard::kSecondCopySent}, 10, many_keys(with({Fault::kResets, Fault::kKillServer})));
}

TEST_CASE("what is not settled is shown to nobody") {
  show_bite({Guard::kReadersWait}, 10, with({Fault::kCutLinkAndKill}));
}

TEST_CASE("a write that is sent again is not done again") {
  show_bite({Guard::kRepetitionsAnswered}, 10, with_updates(with({Fault::kResets})));
}

TEST_CASE("a write that is proposed anew is not done again") {
  show_bite({Guard::kOperationsNamed}, 20,
            with_updates(with({Fault::kKillServer, Fault::kFreezeServer, Fault::kResets})));
}

// ---- Fencing -------------------------------------------------------------------------

TEST_CASE("a shard serves no connection of an older epoch") {
  show_bite({Guard::kOlderEpochsRefused}, 10, with({Fault::kKillServer}), costs_errors);
}

TEST_CASE("a writer has one connection") {
  show_bite({Guard::kOlderLinksClosed}, 10, with({Fault::kResets, Fault::kCutLink}));
}

TEST_CASE("a data server that has restarted waits for its epoch to be confirmed") {
  StoryOptions options = many_keys(with({Fault::kPowerServer}));
  options.cluster.sync_each_commit = false;
  options.fault_time = Millis{50};
  show_bite({Guard::kRestartsConfirmed}, 10, options);
}

TEST_CASE("an epoch is on the disk before anybody acts on it") {
  show_bite({Guard::kEpochPersisted}, 10, with({Fault::kKillServer, Fault::kKillAdmin}));
}

// ---- Failure and recovery ------------------------------------------------------------

TEST_CASE("one observer fails nobody") {
  StoryOptions options = with({Fault::kCutAdmin});
  options.fault_time = Millis{3000};
  show_bite({Guard::kWitness}, 5, options, costs_errors);
}

TEST_CASE("a node that recovers is compared with the other replica") {
  StoryOptions options = many_keys(with({Fault::kPowerServer}));
  options.cluster.sync_each_commit = false;
  show_bite({Guard::kDigestsCompared}, 10, options);
}

TEST_CASE("a node that recovers fetches its update logs") {
  show_bite({Guard::kLogsDrained}, 10, many_keys(with({Fault::kKillServer})));
}

TEST_CASE("nor logs nor digests") {
  show_bite({Guard::kLogsDrained, Guard::kDigestsCompared}, 10, many_keys(with({Fault::kKillServer})));
}

TEST_CASE("nor log targets nor digests") {
  show_bite({Guard::kLogsNameTarget, Guard::kDigestsCompared}, 10, many_keys(with({Fault::kKillServer})));
}

TEST_CASE("an error while a virtual node is read is not its end") {
  StoryOptions options = many_keys(with({Fault::kPowerAndResets}));
  options.cluster.sync_each_commit = false;
  show_bite({Guard::kScanErrorsFail}, 10, options);
}

}  // namespace
}  // namespace doris::sim

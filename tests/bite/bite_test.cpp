// The simulation bites: whichever guard is taken away, some story shows that a promise is broken,
// and with all guards on the same stories break none. README.md says what stands for which defect.
//
//   DORIS_BITE_SURVEY=20 sim_bite_test 'name'    In how many of so many stories it is noticed.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>
#include <vector>

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

// For whoever looks for a story that shows it.
void survey(const Guards& off, uint64_t count, const StoryOptions& options, const Broken& broken) {
  std::string seeds;
  uint64_t unsound = 0;
  for (uint64_t seed = 1; seed <= count; ++seed) {
    if (broken(tell_without(off, seed, options))) seeds += fmt::format(" {}", seed);
    if (broken(tell_story(seed, options))) ++unsound;
  }
  WARN(fmt::format("of {} stories those that notice it:{}; with all guards on: {}", count, seeds,
                   unsound));
}

// What is judged: stories from one seed to another.
struct Seeds {
  uint64_t first;
  uint64_t last;
};

// Within these stories the loss of the guards is noticed.
void show_bite(const Guards& off, Seeds seeds, const StoryOptions& options,
               const Broken& broken = cannot_be) {
  if (const char* const count = std::getenv("DORIS_BITE_SURVEY"); count != nullptr)
    return survey(off, std::strtoull(count, nullptr, 10), options, broken);
  bool noticed = false;
  for (uint64_t seed = seeds.first; seed <= seeds.last && !noticed; ++seed) {
    const SimStory sound = tell_story(seed, options);
    INFO(fmt::format("seed {}, all guards on\n{}{}", seed, sound.trouble, sound.refusals));
    REQUIRE_FALSE(broken(sound));
    noticed = broken(tell_without(off, seed, options));
  }
  CHECK(noticed);
}

// None of these stories notices the loss: another guard covers for this one.
void show_cover(const Guards& off, Seeds seeds, const StoryOptions& options) {
  for (uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    const SimStory story = tell_without(off, seed, options);
    INFO(fmt::format("seed {}\n{}", seed, story.trouble));
    CHECK_FALSE(cannot_be(story));
  }
}

StoryOptions with(std::vector<Fault> faults) {
  return {.faults = std::move(faults)};
}

StoryOptions with_updates(StoryOptions options) {
  options.atomic_commands = true;
  return options;
}

StoryOptions of_increments(StoryOptions options) {
  options.only_increments = true;
  return options;
}

// Where keys are many, what has become of one is not overwritten at once.
StoryOptions with_keys(uint32_t keys, StoryOptions options) {
  options.keys = keys;
  return options;
}

// What was written in the last second goes with the power.
StoryOptions synced_each_second(StoryOptions options) {
  options.cluster.sync_each_commit = false;
  return options;
}

// ---- Versions and records ------------------------------------------------------------

// What a server has taken that was cut off with a router whose clock is ahead: nobody was told, and
// it may not win against what the others have got since. Increments show nobody the old there.
TEST_CASE("versions are compared by their epochs first") {
  StoryOptions options = of_increments(with_keys(1000, with({Fault::kSkewAndCutTogether})));
  options.clients = 16;
  options.time = Millis{3000};
  options.fault_time = Millis{5000};
  options.cluster.settings = {{"request-timeout", "1s"}};
  show_bite({Guard::kEpochLeads}, {55, 75}, options);
}

TEST_CASE("the primary raises an older proposal") {
  show_bite({Guard::kPrimaryRaises}, {1, 5}, with({Fault::kSkew}));
}

// The other replica is read while connections to the primary one are made anew.
TEST_CASE("the other replica keeps the newest version") {
  StoryOptions options = with({Fault::kResets, Fault::kSkew});
  options.clients = 10;
  options.fault_time = options.fault_pause = Millis{20};
  options.cluster.settings = {{"read-policy", "any"}};
  show_bite({Guard::kReplicasCompare}, {1, 100}, options);
}

// The server that lost power has lost the deletion, too, and still has what was deleted.
TEST_CASE("a deletion leaves a tombstone") {
  StoryOptions options = synced_each_second(with_keys(1000, with({Fault::kPowerServer})));
  options.time = Millis{2000};
  options.cluster.settings = {{"request-timeout", "1s"}};
  show_bite({Guard::kTombstones}, {1, 5}, options);
}

// A router wakes up with a second copy of a write, seconds after that was deleted everywhere.
TEST_CASE("what is older than a reclaimed tombstone stays out") {
  StoryOptions options = with_keys(600, with({Fault::kCutGroupAndFreeze}));
  options.clients = 6;
  options.time = Millis{9000};
  options.fault_time = Millis{8000};
  options.cluster.settings = {{"anti-entropy-interval", "1s"}, {"tombstone-retention", "1s"}};
  show_bite({Guard::kFloor}, {50, 110}, options);
}

// ---- The write path ------------------------------------------------------------------

TEST_CASE("OK means two copies") {
  show_bite({Guard::kSecondCopyAwaited}, {1, 20}, with({Fault::kCutGroupAndKill}));
}

TEST_CASE("a second copy that was lost on its way is sent again") {
  StoryOptions options = with_keys(400, with({Fault::kCutGroupAndKill}));
  options.clients = 10;
  options.time = Millis{3000};
  show_bite({Guard::kSecondCopySent}, {1, 10}, options);
}

TEST_CASE("what is not settled is shown to nobody") {
  show_bite({Guard::kReadersWait}, {1, 30}, with({Fault::kCutGroupAndKill}));
}

TEST_CASE("a write that is sent again is not done again") {
  show_bite({Guard::kRepetitionsAnswered}, {50, 100}, with_updates(with({Fault::kResets})));
}

TEST_CASE("a write that is proposed anew is not done again") {
  show_bite({Guard::kOperationsNamed}, {1, 40},
            with_updates(with({Fault::kKillServer, Fault::kFreezeServer, Fault::kResets})));
}

// The primary never had it, and dies; another write of the same key was made without it.
TEST_CASE("a second copy that is overtaken may never have been ordered") {
  StoryOptions options = with_updates(with_keys(60, with({Fault::kCutAndKill})));
  options.clients = 24;
  options.time = Millis{3000};
  show_bite({Guard::kOvertakenForgotten}, {60, 135}, options);
}

// The other server is brought what readers wait for, since the router does not reach it. Then the
// first one dies, and the router proposes once more what all have seen.
TEST_CASE("a write that others waited for is not done again") {
  show_bite({Guard::kSharesNamed}, {1, 40}, with_updates(with({Fault::kCutGroupAndKill})));
}

// ---- Fencing -------------------------------------------------------------------------

TEST_CASE("a writer has one connection") {
  StoryOptions options = with({Fault::kLateResets});
  options.clients = 10;
  show_bite({Guard::kOlderLinksClosed}, {1, 60}, options);
}

// Proposals name their epoch themselves, so nothing untrue is told without this; but what is too
// late then fails, where it would have been sent again.
TEST_CASE("a shard serves no connection of an older epoch") {
  show_bite({Guard::kOlderEpochsRefused}, {1, 10}, with({Fault::kKillServer}), costs_errors);
}

TEST_CASE("a data server that has restarted waits for its epoch to be confirmed") {
  StoryOptions options = synced_each_second(with_keys(40, with({Fault::kPowerServer})));
  options.fault_time = Millis{50};
  show_bite({Guard::kRestartsConfirmed}, {40, 60}, options);
}

// A server that has forgotten its epoch waits until it is confirmed, like any other.
TEST_CASE("that waiting covers for an epoch that was not kept") {
  show_cover({Guard::kEpochPersisted}, {1, 10}, with({Fault::kKillServer, Fault::kKillAdmin}));
}

// ---- Failure and recovery ------------------------------------------------------------

TEST_CASE("one observer fails nobody") {
  StoryOptions options = with({Fault::kCutAdmin});
  options.fault_time = Millis{3000};
  show_bite({Guard::kWitness}, {1, 10}, options, costs_errors);
}

TEST_CASE("a node that recovers is compared with the other replica") {
  show_bite({Guard::kDigestsCompared}, {1, 10},
            synced_each_second(with_keys(40, with({Fault::kPowerServer}))));
}

// It had lost an acknowledged write with its power, and the other has something newer in its place
// of which it is not known whether it will stay.
TEST_CASE("a node that recovers waits for what is on its way") {
  StoryOptions options = synced_each_second(with_keys(600, with({Fault::kPowerAndKill})));
  options.clients = 20;
  options.time = Millis{3000};
  show_bite({Guard::kComingAwaited}, {1, 60}, options);
}

// Logs and comparison bring the same, so that one can fail: whoever loses both loses writes.
TEST_CASE("a node that recovers fetches the update logs kept for it") {
  const StoryOptions options = with_keys(40, with({Fault::kKillServer}));
  show_cover({Guard::kLogsDrained}, {1, 5}, options);
  show_cover({Guard::kDigestsCompared}, {1, 5}, options);
  show_bite({Guard::kLogsDrained, Guard::kDigestsCompared}, {1, 5}, options);
}

// One has reclaimed a deletion with the other, and got an empty disk since: what an older disk of
// the other one brings back then has to lose.
TEST_CASE("a node that is filled anew learns what has been reclaimed") {
  StoryOptions options = with_keys(2000, with({Fault::kEmptyServer, Fault::kOlderServer}));
  options.cluster.servers_per_group = 1;
  options.time = Millis{20'000};
  options.fault_time = Millis{300};
  show_bite({Guard::kFloorsTakenOver}, {1, 10}, options);
}

// With the power goes what was written in the last second; the log of who was away then has it.
TEST_CASE("a node that recovers alone reads the update logs kept for the others") {
  StoryOptions options = synced_each_second(with_keys(40, with({Fault::kKillAndPower})));
  options.time = Millis{8'000};
  show_bite({Guard::kOtherLogsRead}, {1, 10}, options);
}

// The other copy recovers meanwhile: what came last it has taken itself, and it is in no log.
TEST_CASE("a node that recovers alone fetches what those have taken who recover, too") {
  StoryOptions options = synced_each_second(with_keys(40, with({Fault::kPowerInRecovery})));
  options.time = Millis{8'000};
  show_bite({Guard::kBehindFetched}, {1, 20}, options);
}

TEST_CASE("who comes back with an older disk than it had waits for the others") {
  StoryOptions options = with({Fault::kOlderFirst});
  options.time = Millis{8'000};
  show_bite({Guard::kOlderDisksNoticed}, {1, 10}, options);
}

TEST_CASE("an update log knows whom its writes are for") {
  const StoryOptions options = with_keys(40, with({Fault::kKillServer}));
  show_cover({Guard::kLogsNameTarget}, {1, 5}, options);
  show_bite({Guard::kLogsNameTarget, Guard::kDigestsCompared}, {1, 5}, options);
}

TEST_CASE("an error while a virtual node is read is not its end") {
  StoryOptions options = synced_each_second(with_keys(200, with({Fault::kPowerAndResets})));
  options.clients = 10;
  options.time = Millis{3000};
  show_bite({Guard::kScanErrorsFail}, {1, 40}, options);
}

}  // namespace
}  // namespace doris::sim

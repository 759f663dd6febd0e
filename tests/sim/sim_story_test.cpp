// Whole clusters in simulated worlds: whatever happens, what clients are told can be true.
//
//   DORIS_SIM_SEEDS=500 sim_test      So many stories of each kind, not the default number.
//   DORIS_SIM_SEED=17 sim_test        The one of that seed.
//   DORIS_SIM_LOG=sim.log             With it: what the programs log.
#include "tests/sim/sim_story.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

namespace doris::sim {
namespace {

std::optional<uint64_t> number_of(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

// The stories of these seeds, told on all cores: worlds share nothing. The first that has trouble
// is the last.
std::vector<SimStory> tell_all(uint64_t first, uint64_t last, const StoryOptions& options) {
  std::vector<SimStory> stories(last - first + 1);
  std::atomic<uint64_t> next = first;
  std::atomic<uint64_t> end = last;
  const auto tell = [&] {
    for (uint64_t seed = next++; seed <= end; seed = next++) {
      StoryOptions own = options;
      own.atomic_commands = seed % 2 == 0;
      SimStory& story = stories[seed - first];
      story = tell_story(seed, own);
      if (!story.trouble.empty()) end = std::min<uint64_t>(end, seed);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
    threads.emplace_back(tell);
  for (std::thread& thread : threads)
    thread.join();
  stories.resize(end - first + 1);
  return stories;
}

// Tells stories of `count` seeds, or of those that the environment asks for, and judges what
// is beside their truth by `judge`. In every other one clients also ask for updates: INCR, APPEND,
// SET NX and the like.
void tell_stories(
    uint64_t count, const StoryOptions& options,
    const std::function<void(const SimStory&)>& judge = [](const SimStory&) {}) {
  const auto only = number_of("DORIS_SIM_SEED");
  const uint64_t first = only.value_or(1);
  const uint64_t last = only ? *only : number_of("DORIS_SIM_SEEDS").value_or(count);
  for (const SimStory& story : tell_all(first, last, options)) {
    const uint64_t seed = story.seed;
    INFO(fmt::format("to see it again: DORIS_SIM_SEED={} sim_test '{}'\n{}{}{}{}", seed,
                     Catch::getResultCapture().getCurrentTestName(), story.trouble, story.refusals,
                     story.slowest_was, story.happened));
    REQUIRE(story.trouble.empty());
    REQUIRE(story.answered > 20);
    judge(story);
  }
}

// One thread of one router, so that no other writer comes between a write and its repetition.
StoryOptions one_writer(std::vector<Fault> faults) {
  StoryOptions options{.faults = std::move(faults)};
  options.cluster.routers = 1;
  options.cluster.settings = {{"router-threads", "1"}};
  return options;
}

TEST_CASE("one seed always tells the same story") {
  const StoryOptions options{.time = Millis{600},
                             .faults = {Fault::kResets, Fault::kKillRouter, Fault::kKillAdmin}};
  const SimStory first = tell_story(7, options);
  const SimStory again = tell_story(7, options);
  const SimStory other = tell_story(8, options);
  CHECK(first.trace == again.trace);
  CHECK(first.answered == again.answered);
  CHECK(first.trace != other.trace);
}

TEST_CASE("a cluster without faults keeps its promises") {
  tell_stories(200, {});
}

TEST_CASE("clocks that go wrong break no promise") {
  tell_stories(100, {.faults = {Fault::kSkew}});
}

TEST_CASE("connections that break break no promise of one writer") {
  tell_stories(200, one_writer({Fault::kResets}));
}

TEST_CASE("links that are cut break no promise of one writer") {
  tell_stories(200, one_writer({Fault::kCutLink}));
}

TEST_CASE("data servers that die and come back break no promise of one writer") {
  tell_stories(200, one_writer({Fault::kKillServer}));
}

TEST_CASE("data servers that freeze break no promise of one writer") {
  tell_stories(200, one_writer({Fault::kFreezeServer}));
}

TEST_CASE("routers that die or freeze break no promise") {
  tell_stories(200, {.faults = {Fault::kKillRouter, Fault::kFreezeRouter}});
}

TEST_CASE("the admin's death is not noticed") {
  tell_stories(100, {.faults = {Fault::kKillAdmin}});
}

// ---- Any fault, with several writers -------------------------------------------------

// Faults as rare as they are long, of which a cluster has time to recover.
StoryOptions long_story(std::vector<Fault> faults) {
  return {.time = Millis{8'000},
          .faults = std::move(faults),
          .fault_pause = Millis{2'000},
          .fault_time = Millis{4'000}};
}

const std::vector<Fault> kAnyFault{
    Fault::kResets,     Fault::kKillRouter,  Fault::kPowerRouter,  Fault::kKillAdmin,
    Fault::kKillServer, Fault::kPowerServer, Fault::kFreezeServer, Fault::kFreezeRouter,
    Fault::kCutLink,    Fault::kCutServer,   Fault::kSkew,
};

TEST_CASE("a router is cut off from the admin as a server dies, and learns of it from others") {
  tell_stories(
      60, {.time = Millis{3000}, .faults = {Fault::kCutAdminAndKill}, .fault_time = Millis{4000}},
      [](const SimStory& story) { CHECK(story.slowest < Micros{1'000'000}); });
}

TEST_CASE("commands of a pipeline are done in their order when a data server dies or freezes") {
  StoryOptions options{.faults = {Fault::kKillServer, Fault::kFreezeServer}};
  options.pipelines = true;
  tell_stories(200, options);
}

TEST_CASE("commands of a pipeline are done in their order through any fault") {
  StoryOptions options = long_story(kAnyFault);
  options.pipelines = true;
  tell_stories(100, options);
}

TEST_CASE("commands of a pipeline are done in their order while a disk is full at times") {
  StoryOptions options{.faults = {Fault::kFullServer}};
  options.pipelines = true;
  tell_stories(100, options);
}

TEST_CASE("connections that break break no promise") {
  tell_stories(200, {.faults = {Fault::kResets}});
}

TEST_CASE("any fault of one machine at a time breaks no promise") {
  tell_stories(150, long_story(kAnyFault));
}

TEST_CASE("data servers that come back with an empty or an older disk break no promise") {
  StoryOptions options = long_story({Fault::kEmptyServer, Fault::kOlderServer});
  tell_stories(60, options);
  options.keys = 2000;  // So that deletions are not overwritten before they are reclaimed.
  options.time = Millis{20'000};
  options.fault_time = Millis{300};
  tell_stories(15, options);
}

TEST_CASE("routers and data servers that lose power break no promise") {
  tell_stories(100, long_story({Fault::kPowerRouter, Fault::kPowerServer}));
}

TEST_CASE("bytes of connections that are over may come late and break no promise") {
  tell_stories(100, {.clients = 10, .faults = {Fault::kLateResets}});
}

TEST_CASE("a router is cut off from a server that dies, and no promise is broken") {
  tell_stories(100, {.clients = 10, .faults = {Fault::kCutAndKill}});
}

TEST_CASE(
    "a router is cut off from a group when another server or it fails, and no promise is broken") {
  StoryOptions options{.clients = 10,
                       .time = Millis{3000},
                       .faults = {Fault::kCutGroupAndKill, Fault::kCutGroupAndFreeze}};
  tell_stories(100, options);
  options.only_increments = true;
  tell_stories(100, options);
}

TEST_CASE("a server loses power, and another dies soon after, and no promise is broken") {
  StoryOptions options{
      .clients = 10, .keys = 40, .time = Millis{3000}, .faults = {Fault::kPowerAndKill}};
  options.cluster.sync_each_commit = false;
  tell_stories(50, options);
}

TEST_CASE("any fault breaks no promise when the disks are synced each second") {
  StoryOptions options = long_story(kAnyFault);
  options.cluster.sync_each_commit = false;
  tell_stories(100, options);
}

TEST_CASE("all programs die at once, and nothing that clients were told becomes untrue") {
  tell_stories(150, long_story({Fault::kKillAll}));
}

TEST_CASE("the first server that comes back has an older disk, and nothing stale is shown") {
  tell_stories(100, long_story({Fault::kOlderFirst}));
}

TEST_CASE("a server is away when one with its other copies loses power, and nothing is lost") {
  StoryOptions options = long_story({Fault::kKillAndPower});
  options.cluster.sync_each_commit = false;
  options.keys = 40;  // So that what is lost is not overwritten.
  tell_stories(100, options);
}

TEST_CASE("a server recovers when one with its other copies loses power, and nothing is lost") {
  StoryOptions options = long_story({Fault::kPowerInRecovery});
  options.cluster.sync_each_commit = false;
  options.keys = 40;
  tell_stories(100, options);
}

TEST_CASE("a data server that dies costs clients 300 ms and no error") {
  tell_stories(100, long_story({Fault::kKillServer}), [](const SimStory& story) {
    CHECK(story.refused == 0);
    CHECK(story.slowest < Millis{300});
  });
}

TEST_CASE("a data server that freezes or is cut off costs clients 1.5 s and no error") {
  tell_stories(100, long_story({Fault::kFreezeServer, Fault::kCutServer}),
               [](const SimStory& story) {
                 CHECK(story.refused == 0);
                 CHECK(story.slowest < Millis{1500});
               });
}

TEST_CASE("a router that dies costs the clients of others 200 ms") {
  tell_stories(100, long_story({Fault::kKillRouter}), [](const SimStory& story) {
    CHECK(story.refused == 0);
    CHECK(story.slowest < Millis{200});
  });
}

}  // namespace
}  // namespace doris::sim

#include "server/write_rule.h"

#include <catch2/catch.hpp>
#include <set>

#include "base/random.h"

namespace doris::server {
namespace {

using resp::Version;

constexpr Version kHeld{.epoch = 3, .hlc = 100, .writer = 257};

Decision decide_against_held(const Version& proposal, Role role) {
  return decide(RecordHeader{.version = kHeld}, {}, proposal, role);
}

TEST_CASE("the first write of a key is applied as it is, whatever the role") {
  const Version proposal{1, 1, 1};
  for (const Role role : {Role::kPrimary, Role::kSecondary}) {
    const Decision decision = decide(std::nullopt, {}, proposal, role);
    CHECK(decision.verdict == Verdict::kApply);
    CHECK((decision.version == proposal));
  }
}

TEST_CASE("a newer write is applied as it is: by epoch, then clock, then writer") {
  for (const Version proposal : {Version{4, 1, 1}, Version{3, 101, 1}, Version{3, 100, 258}}) {
    for (const Role role : {Role::kPrimary, Role::kSecondary}) {
      const Decision decision = decide_against_held(proposal, role);
      CHECK(decision.verdict == Verdict::kApply);
      CHECK((decision.version == proposal));
    }
  }
}

TEST_CASE("a write that is held already changes nothing") {
  for (const Role role : {Role::kPrimary, Role::kSecondary}) {
    const Decision decision = decide_against_held(kHeld, role);
    CHECK(decision.verdict == Verdict::kKeep);
    CHECK((decision.version == kHeld));
  }
}

TEST_CASE("the secondary drops an older write, and the primary raises it above the held one") {
  for (const Version proposal : {Version{2, 900, 900}, Version{3, 99, 900}, Version{3, 100, 256}}) {
    const Decision dropped = decide_against_held(proposal, Role::kSecondary);
    CHECK(dropped.verdict == Verdict::kKeep);
    CHECK((dropped.version == kHeld));

    const Decision raised = decide_against_held(proposal, Role::kPrimary);
    CHECK(raised.verdict == Verdict::kRaise);
    CHECK((raised.version > kHeld));
    CHECK((raised.version.writer & Version::kRaisedBit) != 0);
  }
}

TEST_CASE("a tombstone and an expired record are held like any other") {
  const RecordHeader dead{.version = kHeld, .tombstone = true};
  CHECK(decide(dead, {}, {3, 99, 1}, Role::kSecondary).verdict == Verdict::kKeep);
  const RecordHeader expired{.version = kHeld, .expires_at_ms = 1};
  CHECK(decide(expired, {}, {3, 99, 1}, Role::kSecondary).verdict == Verdict::kKeep);
}

TEST_CASE("a dead record that could have been reclaimed counts as absent") {
  const Version floor{.epoch = 4, .hlc = 200UL << 16, .writer = 0};
  const Version late{.epoch = 3, .hlc = 150UL << 16, .writer = 1};
  const auto verdict = [&](const RecordHeader& held) {
    return decide(held, floor, late, Role::kSecondary).verdict;
  };
  CHECK(verdict({.version = kHeld, .tombstone = true}) == Verdict::kKeep);
  CHECK((decide(RecordHeader{.version = kHeld, .tombstone = true}, floor, late, Role::kSecondary)
             .version == floor));
  CHECK(verdict({.version = kHeld, .expires_at_ms = 199}) == Verdict::kKeep);
  // These could not.
  CHECK(verdict({.version = kHeld, .expires_at_ms = 201}) == Verdict::kApply);
  CHECK(verdict({.version = kHeld}) == Verdict::kApply);
  CHECK(
      decide(RecordHeader{.version = kHeld, .tombstone = true}, floor, late, Role::kCopy).verdict ==
      Verdict::kApply);
}

TEST_CASE("what is absent counts as deleted in the version of the floor") {
  const Version floor{.epoch = 3, .hlc = 100, .writer = 0};
  for (const Version old : {Version{2, 900, 900}, Version{3, 99, 900}}) {
    const Decision kept_out = decide(std::nullopt, floor, old, Role::kSecondary);
    CHECK(kept_out.verdict == Verdict::kKeep);
    CHECK((kept_out.version == floor));
    CHECK(decide(std::nullopt, floor, old, Role::kPrimary).verdict == Verdict::kRaise);
    CHECK((decide(std::nullopt, floor, old, Role::kPrimary).version > floor));
    // But what another replica is known to hold is taken.
    CHECK(decide(std::nullopt, floor, old, Role::kCopy).verdict == Verdict::kApply);
  }
  for (const Role role : {Role::kPrimary, Role::kSecondary, Role::kCopy})
    CHECK(decide(std::nullopt, floor, {3, 100, 1}, role).verdict == Verdict::kApply);
}

TEST_CASE("a primary orders nothing below the floor, and a secondary takes what has its place") {
  const Version floor{.epoch = 3, .hlc = 200, .writer = 0};
  const RecordHeader held{.version = kHeld};
  const Decision raised = decide(held, floor, {3, 150, 1}, Role::kPrimary);
  CHECK(raised.verdict == Verdict::kRaise);
  CHECK((raised.version > floor));
  CHECK(decide(held, floor, {3, 150, 1}, Role::kSecondary).verdict == Verdict::kApply);
  CHECK(decide(held, floor, kHeld, Role::kPrimary).verdict == Verdict::kKeep);  // A retry.
}

TEST_CASE("the versions of one key rise without end, and no raise equals another's proposal") {
  Random random(3);
  std::optional<RecordHeader> held;
  std::set<Version> seen;
  for (int i = 0; i < 20'000; ++i) {
    // Few clocks and writers, so that proposals often meet; each is proposed once.
    const Version proposal{1, random.below(20'000), static_cast<uint32_t>(random.below(8))};
    if (!seen.insert(proposal).second) continue;
    const Decision decision = decide(held, {}, proposal, Role::kPrimary);
    REQUIRE(decision.verdict != Verdict::kKeep);
    if (held) REQUIRE((decision.version > held->version));
    if (decision.verdict == Verdict::kRaise) REQUIRE(seen.insert(decision.version).second);
    held = RecordHeader{.version = decision.version};
  }
}

TEST_CASE("a secondary that hears the primary's versions in any order ends as the primary") {
  Random random(4);
  for (int round = 0; round < 200; ++round) {
    std::optional<RecordHeader> primary;
    std::vector<Version> shipped;
    for (uint32_t i = 0; i < 20; ++i) {
      const Decision decision = decide(primary, {}, {1, random.below(10), i}, Role::kPrimary);
      primary = RecordHeader{.version = decision.version};
      shipped.push_back(decision.version);
    }
    std::optional<RecordHeader> secondary;
    while (!shipped.empty()) {
      const auto next = shipped.begin() + static_cast<int64_t>(random.below(shipped.size()));
      secondary = RecordHeader{.version = decide(secondary, {}, *next, Role::kSecondary).version};
      shipped.erase(next);
    }
    REQUIRE((secondary->version == primary->version));
  }
}

}  // namespace
}  // namespace doris::server

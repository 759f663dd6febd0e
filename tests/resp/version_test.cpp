#include "resp/version.h"

#include <array>
#include <catch2/catch.hpp>
#include <string_view>

#include "base/random.h"

namespace doris::resp {
namespace {

// Few values of each field, so that ties are common, and the ends of their ranges.
Version random_version(Random& random) {
  const std::array<uint64_t, 5> clocks = {0, 1, 2, Version::kHlcMax - 1, Version::kHlcMax};
  Version version;
  version.epoch = static_cast<uint32_t>(random.below(3));
  version.hlc = clocks[random.below(clocks.size())];
  version.writer = static_cast<uint32_t>(random.below(3));
  if (random.below(2) == 0) version.writer |= Version::kRaisedBit;
  return version;
}

TEST_CASE("versions are ordered by epoch, then clock, then writer") {
  CHECK((Version{2, 0, 0} > Version{1, 9, 9}));
  CHECK((Version{1, 2, 0} > Version{1, 1, 9}));
  CHECK((Version{1, 1, 2} > Version{1, 1, 1}));
}

TEST_CASE("encoded versions compare as versions do, and decode to themselves") {
  Random random(7);
  for (int i = 0; i < 2000; ++i) {
    const Version a = random_version(random);
    const Version b = random_version(random);
    std::array<char, Version::kBytes> bytes_a;
    std::array<char, Version::kBytes> bytes_b;
    a.encode(bytes_a.data());
    b.encode(bytes_b.data());
    const std::string_view view_a(bytes_a.data(), bytes_a.size());
    const std::string_view view_b(bytes_b.data(), bytes_b.size());
    REQUIRE((view_a <=> view_b) == (a <=> b));
    REQUIRE((Version::decode(bytes_a.data()) == a));
  }
}

TEST_CASE("a raised version is above the held one, of the proposal's writer, and marked") {
  Random random(11);
  int raised_count = 0;
  for (int i = 0; i < 5000; ++i) {
    const Version held = random_version(random);
    Version proposal = random_version(random);
    proposal.writer &= ~Version::kRaisedBit;
    if (proposal > held) continue;
    const Version raised = held.raised_for(proposal);
    REQUIRE((raised > held));
    REQUIRE(raised.writer == (proposal.writer | Version::kRaisedBit));
    ++raised_count;
  }
  CHECK(raised_count > 1000);
}

TEST_CASE("a version is raised no further than needed") {
  const Version proposal{3, 50, 257};
  const uint32_t raised_writer = 257 | Version::kRaisedBit;
  CHECK((Version{3, 100, 999}.raised_for(proposal) == Version{3, 100, raised_writer}));
  CHECK((Version{3, 100, raised_writer}.raised_for(proposal) == Version{3, 101, raised_writer}));
  CHECK((Version{3, Version::kHlcMax, ~0U}.raised_for(proposal) == Version{4, 0, raised_writer}));
}

TEST_CASE("a version reads as epoch, milliseconds, counter and writer") {
  CHECK(Version{3, 1763860079123ULL << 16 | 5, 257}.text() == "3-1763860079123.5-257");
  CHECK(Version{3, 0, 257 | Version::kRaisedBit}.text() == "3-0.0-257r");
}

}  // namespace
}  // namespace doris::resp

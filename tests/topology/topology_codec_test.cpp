#include "base/topology/topology_codec.h"

#include <catch2/catch.hpp>

#include "base/random.h"
#include "tests/topology/sample_topology.h"

namespace doris::topology {
namespace {

using test::formed_topology;
using test::forming_topology;

// FORMAT.md's example.
constexpr std::string_view kExample = R"(doris-topology 1
cluster 0123456789abcdef0123456789abcdef
epoch 5
vnodes 12
degraded-writes yes
node 1 a1 a up rack-1 10.0.0.1 7000 2 0 0 0
node 2 b1 b up rack-2 10.0.0.2 7000 2 0 0 0
node 3 a2 a temp-failed rack-3 10.0.0.3 7000 1 4 4 0
node 4 s1 standby standby rack-4 10.0.0.4 7000 4 0 0 0
order a 1
owner a 1 0-5
owner a 3 6-11
order b 7
owner b 2 0-11
primary 0 52a
end
)";

// kExample with the first `from` replaced.
std::string example_with(std::string_view from, std::string_view to) {
  std::string text(kExample);
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string error_of(std::string_view text) {
  const Result<Topology> topology = decode(text);
  REQUIRE_FALSE(topology.ok());
  CHECK(topology.code() == Code::kInvalid);
  return topology.status().message();
}

TEST_CASE("the example of FORMAT.md means what it says") {
  const Result<Topology> topology = decode(kExample);
  REQUIRE(topology.status().message().empty());
  CHECK(topology->epoch == 5);
  CHECK(topology->nodes.size() == 4);
  CHECK(topology->find("s1")->state == NodeState::kStandby);
  CHECK(topology->find("b1")->port == 7000);
  CHECK(topology->find("a2")->since == 4);
  CHECK(topology->find("a2")->stand_in == 4);
  CHECK_FALSE(topology->find("a2")->held);
  CHECK(decode(example_with("7000 1 4 4 0", "7000 1 4 4 1"))->find("a2")->held);
  CHECK(topology->degraded_writes);
  CHECK(topology->owner[0] == std::vector<NodeId>{1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3});
  CHECK(topology->primary[0] == Group::kA);
  CHECK(topology->primary[1] == Group::kB);
  CHECK(encode(*topology) == kExample);
}

TEST_CASE("any topology is read back as it was written") {
  for (const uint32_t vnodes : {1U, 2U, 255U, 256U, 257U, 1000U, 10000U, 65535U}) {
    for (const uint32_t nodes : {1U, 2U, 7U, 100U}) {
      if (nodes > vnodes) continue;
      const Topology topology = formed_topology(vnodes, nodes);
      const Result<Topology> decoded = decode(encode(topology));
      REQUIRE(decoded.status().message().empty());
      REQUIRE(*decoded == topology);
    }
  }
  const Topology forming = forming_topology(10000, 2);
  CHECK(*decode(encode(forming)) == forming);
  CHECK(*decode(encode(forming_topology(10000, 0))) == forming_topology(10000, 0));
}

TEST_CASE("a table that no rule made is read back as it was written") {
  Random random(4);
  Topology topology = formed_topology(500, 3);
  for (size_t v = 0; v < topology.vnodes; ++v) {
    topology.owner[0][v] = static_cast<NodeId>(1 + 2 * random.below(3));
    topology.owner[1][v] = static_cast<NodeId>(2 + 2 * random.below(3));
    topology.primary[v] = random.below(2) == 0 ? Group::kA : Group::kB;
  }
  CHECK(*decode(encode(topology)) == topology);
}

TEST_CASE("ten thousand vnodes stay compact") {
  CHECK(encode(formed_topology(10000, 1)).size() < 4000);
  CHECK(encode(formed_topology(10000, 4)).size() < 5000);
  CHECK(encode(formed_topology(10000, 100)).size() < 100000);
}

TEST_CASE("a newer format is told from a damaged text") {
  const Result<Topology> newer = decode(example_with("doris-topology 1", "doris-topology 2"));
  REQUIRE_FALSE(newer.ok());
  CHECK(newer.code() == Code::kTooNew);
  CHECK_THAT(newer.status().message(), Catch::Contains("format 2"));
}

TEST_CASE("an error names the line and what is wrong with it") {
  CHECK_THAT(error_of(""), Catch::StartsWith("line 1: "));
  CHECK_THAT(error_of("doris-topology x\n"), Catch::StartsWith("line 1: 'x' is not a number"));
  CHECK_THAT(error_of(example_with("epoch 5", "epoch 0")), Catch::StartsWith("line 3: "));
  CHECK_THAT(error_of(example_with("epoch 5", "epoch 05")), Catch::StartsWith("line 3: '05'"));
  CHECK_THAT(error_of(example_with("epoch 5", "epoch  5")), Catch::StartsWith("line 3: one space"));
  CHECK_THAT(error_of(example_with("epoch 5", "epoch 5 ")), Catch::StartsWith("line 3: one space"));
  CHECK_THAT(error_of(example_with("epoch 5\n", "")), Catch::StartsWith("line 3: 'epoch' was"));
  CHECK_THAT(error_of(example_with("vnodes 12", "vnodes 65536")), Catch::StartsWith("line 4: "));
  CHECK_THAT(error_of(example_with(" a up", " c up")),
             Catch::Contains("line 6: there is no group"));
  CHECK_THAT(error_of(example_with(" up", " off")), Catch::Contains("line 6: there is no state"));
  CHECK_THAT(error_of(example_with("7000 2", "70000 2")), Catch::StartsWith("line 6: '70000'"));
  CHECK_THAT(error_of(example_with("degraded-writes yes", "degraded-writes maybe")),
             Catch::StartsWith("line 5: yes or no"));
  CHECK_THAT(error_of(example_with("0-5", "0-6")), Catch::Contains("line 12: position 6 has"));
  CHECK_THAT(error_of(example_with("0-5", "0-4")), Catch::Contains("no owner yet: 1"));
  CHECK_THAT(error_of(example_with("0-5", "5-0")), Catch::StartsWith("line 11: '0'"));
  CHECK_THAT(error_of(example_with("0-5", "0-5,")), Catch::Contains("line 11: a run is missing"));
  CHECK_THAT(error_of(example_with("0-5", "0-3,,4-5")), Catch::StartsWith("line 11: ''"));
  CHECK_THAT(error_of(example_with("owner a 3", "owner b 3")), Catch::Contains("in group a was"));
  CHECK_THAT(error_of(example_with("6-11", "6-12")), Catch::StartsWith("line 12: '12'"));
  CHECK_THAT(error_of(example_with("order b 7", "order b 6")), Catch::Contains("shares a factor"));
  CHECK_THAT(error_of(example_with("52a", "52")), Catch::Contains("number of hex digits"));
  CHECK_THAT(error_of(example_with("52a", "52g")), Catch::Contains("not one of 0-9 a-f"));
  CHECK_THAT(error_of(example_with("end\n", "")), Catch::StartsWith("line 16: the text ends"));
  CHECK_THAT(error_of(example_with("end\n", "end")), Catch::StartsWith("line 16: the line is cut"));
  CHECK_THAT(error_of(std::string(kExample) + "more\n"), Catch::Contains("something follows"));
}

TEST_CASE("what is wrong with the whole is found too") {
  CHECK_THAT(error_of(example_with("node 2 b1", "node 2 a1")), Catch::Contains("are called 'a1'"));
  CHECK_THAT(error_of(example_with("owner b 2", "owner b 3")), Catch::Contains("is not in it"));
  CHECK_THAT(error_of(example_with("7000 1 4 4", "7000 1 0 4")),
             Catch::Contains("node 3 is temp-failed since epoch 0, which cannot be in epoch 5"));
  CHECK_THAT(error_of(example_with("7000 1 4 4", "7000 1 6 4")), Catch::Contains("since epoch 6"));
  CHECK_THAT(error_of(example_with("7000 1 4 4", "7000 1 4 3")), Catch::Contains("stand in for"));
  CHECK_THAT(error_of(example_with("7000 1 4 4", "7000 1 4 9")), Catch::Contains("stand in for"));
  CHECK_THAT(error_of(example_with("7000 2 0 0", "7000 2 0 4")), Catch::Contains("stand in for"));
  CHECK_THAT(error_of(example_with("7000 2 0 0 0", "7000 2 0 0 1")), Catch::Contains("is held"));
  CHECK_THAT(error_of(example_with("node 3", "node 1")), Catch::Contains("does not come after"));
}

TEST_CASE("every cut of a text is refused") {
  for (size_t bytes = 0; bytes < kExample.size(); ++bytes) {
    REQUIRE_FALSE(decode(kExample.substr(0, bytes)).ok());
  }
}

// Whatever a mutated text does, it never crashes, and what is accepted is sound.
TEST_CASE("mutated texts are refused or understood") {
  constexpr std::string_view kAlphabet = "0123456789abdenorw -,\n\0\xff";
  Random random(20231);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text(kExample);
    for (uint64_t edits = 1 + random.below(4); edits > 0 && !text.empty(); --edits) {
      const size_t at = random.below(text.size());
      const char c = kAlphabet[random.below(kAlphabet.size())];
      switch (random.below(4)) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        case 2:
          text.erase(at, 1 + random.below(8));
          break;
        default:
          text.insert(at, text.substr(random.below(text.size()), random.below(40)));
      }
    }
    const Result<Topology> topology = decode(text);
    if (!topology.ok()) continue;
    ++accepted;
    REQUIRE(topology->validate(/*allow_same_machine=*/true).ok());
    REQUIRE(*decode(encode(*topology)) == *topology);
  }
  CHECK(accepted > 100);    // A digit of an epoch, a name: such texts are fine.
  CHECK(accepted < 10000);  // Most are not.
}

}  // namespace
}  // namespace doris::topology

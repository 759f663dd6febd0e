#include "router/planner.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "tests/topology/sample_topology.h"

namespace doris::router {
namespace {

constexpr uint32_t kVnodes = 10000;

TEST_CASE("a planned key is the physical key, on the vnode that the original Doris chose") {
  topology::KeyHasher hasher;
  Request request;
  REQUIRE(Planner(hasher, kVnodes, 101).add_key(request, "a"));
  REQUIRE(Planner(hasher, kVnodes, 101).add_key(request, "foo"));
  REQUIRE(Planner(hasher, kVnodes, 1).add_key(request, "key1"));
  REQUIRE(request.parts.size() == 3);
  CHECK(request.key(request.parts[0]) == "101:a");
  CHECK(request.parts[0].vnode == 7839);
  CHECK(request.key(request.parts[1]) == "101:foo");
  CHECK(request.parts[1].vnode == 1947);
  CHECK(request.key(request.parts[2]) == "1:key1");
  CHECK(request.parts[2].vnode == 3430);
}

TEST_CASE("a value belongs to the key before it") {
  topology::KeyHasher hasher;
  Planner planner(hasher, kVnodes, 0);
  Request request;
  REQUIRE(planner.add_key(request, "first"));
  Planner::add_value(request, "one");
  REQUIRE(planner.add_key(request, "second"));
  Planner::add_value(request, "");
  CHECK(request.key(request.parts[0]) == "first");
  CHECK(request.value(request.parts[0]) == "one");
  CHECK(request.key(request.parts[1]) == "second");
  CHECK(request.value(request.parts[1]).empty());
}

TEST_CASE("the longest key is planned and one byte more is refused, leaving nothing behind") {
  topology::KeyHasher hasher;
  Planner planner(hasher, kVnodes, 0);
  Request request;
  CHECK(planner.add_key(request, std::string(kKeyBytesMax, 'k')));
  const size_t payload = request.payload.size();
  CHECK_FALSE(planner.add_key(request, std::string(kKeyBytesMax + 1, 'k')));
  CHECK(request.parts.size() == 1);
  CHECK(request.payload.size() == payload);
}

TEST_CASE("a namespace's prefix counts as part of the key's length") {
  topology::KeyHasher hasher;
  Request request;
  CHECK_FALSE(Planner(hasher, kVnodes, 7).add_key(request, std::string(kKeyBytesMax - 1, 'k')));
  CHECK(Planner(hasher, kVnodes, 7).add_key(request, std::string(kKeyBytesMax - 2, 'k')));
}

TEST_CASE("counting asks each shard of one group once, and no node that owns nothing") {
  topology::Topology topology = topology::test::formed_topology(8, 2, 2);
  topology::Node idle = *topology.find("a2");
  idle.id = 9;
  idle.name = "a3";
  topology.nodes.push_back(idle);
  Request request;
  Planner::add_count(request, topology::RoutingTable(topology), topology::Group::kA, 5, 16);
  REQUIRE(request.parts.size() == 4);
  for (uint32_t i = 0; i < 4; ++i) {
    CHECK(request.parts[i].node == topology.find(i < 2 ? "a1" : "a2")->id);
    CHECK(request.parts[i].vnode == i % 2);
    CHECK(request.key(request.parts[i]) == "5");
    CHECK(request.value(request.parts[i]) == "16");
  }
}

}  // namespace
}  // namespace doris::router

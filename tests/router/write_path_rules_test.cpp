// What becomes of a write's entry that was not answered, case by case of write_path.h's table.
#include <catch2/catch.hpp>

#include "router/write_path.h"
#include "tests/topology/sample_topology.h"

namespace doris::router {
namespace {

using topology::Group;
using topology::NodeState;

// Epoch 2 of a1 (1) and b1 (2), of which a1 may have failed; vnode 0 is at home in group a.
topology::RoutingTable table_of(bool a1_failed) {
  topology::Topology topology = topology::test::formed_topology(16, 1);
  topology.epoch = 2;
  topology.primary[0] = Group::kA;
  if (a1_failed) {
    topology.nodes[0].state = NodeState::kTempFailed;
    topology.nodes[0].since = 2;
  }
  return topology::RoutingTable(std::move(topology));
}

Part proposed(uint32_t epoch, bool done) {
  Part part;
  part.version = {epoch, 1, 257};
  part.asked_in = epoch;
  part.primary = 1;
  part.primary_done = done;
  return part;
}

TEST_CASE("an entry of an earlier attempt ends") {
  Part part = proposed(2, false);
  part.attempt = 1;
  CHECK(resume_write(table_of(false), part, {nullptr, 0, Copy::kPrimary, 0}) == Resumption::kEnd);
}

TEST_CASE("within an epoch, and before it was proposed, an entry is sent as it is") {
  const Copy copy = GENERATE(Copy::kPrimary, Copy::kSecond);
  CHECK(resume_write(table_of(false), proposed(2, false), {nullptr, 0, copy, 0}) ==
        Resumption::kSendAgain);
  CHECK(resume_write(table_of(true), Part{}, {nullptr, 0, Copy::kPrimary, 0}) ==
        Resumption::kSendAgain);
}

TEST_CASE("in a new epoch with the same primary only what that has not answered is proposed anew") {
  const topology::RoutingTable table = table_of(false);
  CHECK(resume_write(table, proposed(1, false), {nullptr, 0, Copy::kPrimary, 0}) ==
        Resumption::kProposeAnew);
  CHECK(resume_write(table, proposed(1, false), {nullptr, 0, Copy::kSecond, 0}) ==
        Resumption::kSendAgain);
  CHECK(resume_write(table, proposed(1, true), {nullptr, 0, Copy::kSecond, 0}) ==
        Resumption::kSendAgain);
}

TEST_CASE("a write that was done before an epoch was missed is proposed anew") {
  topology::Topology topology = table_of(false).topology();
  topology.epoch = 3;
  const topology::RoutingTable later(topology);
  CHECK(resume_write(later, proposed(1, true), {nullptr, 0, Copy::kSecond, 0}) ==
        Resumption::kProposeAnew);
  CHECK(resume_write(later, proposed(1, false), {nullptr, 0, Copy::kSecond, 0}) ==
        Resumption::kSendAgain);  // The first copy's entry proposes it anew, in its turn.
}

TEST_CASE("when the primary has moved, every write that is under way is proposed to the new one") {
  const Copy copy = GENERATE(Copy::kPrimary, Copy::kSecond);
  const bool done = GENERATE(false, true);
  CHECK(resume_write(table_of(true), proposed(1, done), {nullptr, 0, copy, 0}) ==
        Resumption::kProposeAnew);
}

TEST_CASE("a failed write is in doubt once it has left, unless all who were asked refused it") {
  Part part;
  part.in_doubt = true;  // What reads leave behind does not count.
  part.outstanding = 1;
  CHECK_FALSE(may_have_effect(part));
  part.operation = 7;
  CHECK(may_have_effect(part));
  part.in_doubt = false;
  CHECK(may_have_effect(part));
  part.outstanding = 0;
  CHECK_FALSE(may_have_effect(part));
  part.update = std::make_unique<UpdateState>();
  CHECK_FALSE(may_have_effect(part));
  part.update->changes = true;
  CHECK(may_have_effect(part));
}

}  // namespace
}  // namespace doris::router

#include "server/unsettled_writes.h"

#include <catch2/catch.hpp>

namespace doris::server {
namespace {

constexpr KeyRef kKey{.vnode = 7, .physical_key = "k"};

resp::WriteId id_of(const resp::Version& version) {
  return resp::write_id(kKey.physical_key, version);
}

// As raised: kept in another version than the one proposed.
UnsettledWrites::Done raised(const resp::Version& version) {
  return {.existed = false, .version = version.raised_for(version)};
}

TEST_CASE("a write is settled by the id of its proposal, of its version, or of its operation") {
  const resp::Version first{3, 10, 257};
  const resp::Version proposal{4, 20, 257};
  const UnsettledWrites::Done done = raised(proposal);
  const resp::WriteId id = GENERATE_COPY(id_of(proposal), id_of(done.version), id_of(first));
  UnsettledWrites writes;
  writes.add(257, kKey, proposal, done, id_of(first));
  CHECK_FALSE(writes.is_settled("k", done.version));
  writes.settle(id);
  CHECK(writes.is_settled("k", done.version));
  CHECK(writes.size() == 0);
}

// Such a remnant was never settled, and a node that recovered later waited for it for ever.
TEST_CASE("what is proposed anew leaves nothing of its first proposal behind") {
  const resp::Version first{3, 10, 257};
  const resp::Version again{4, 20, 257};
  UnsettledWrites writes;
  writes.add(257, kKey, first, raised(first));
  writes.add(257, kKey, again, raised(again), id_of(first));
  writes.settle(id_of(again));
  CHECK(writes.size() == 0);
  CHECK(writes.vnodes_before(5).empty());
}

TEST_CASE("a batch that is dropped takes its writes with it") {
  const resp::Version version{3, 10, 257};
  UnsettledWrites writes;
  writes.add(257, kKey, version, raised(version));
  writes.drop_batch();
  CHECK(writes.size() == 0);
}

TEST_CASE("a batch that is dropped leaves what was known of the operation before") {
  const resp::Version first{3, 10, 257};
  const resp::Version again{4, 20, 257};
  UnsettledWrites writes;
  writes.add(257, kKey, first, raised(first));
  writes.keep_batch();
  writes.add(257, kKey, again, raised(again), id_of(first));
  writes.drop_batch();
  REQUIRE(writes.find(id_of(first)) != nullptr);
  CHECK((writes.find(id_of(first))->version == raised(first).version));
  CHECK_FALSE(writes.is_settled("k", raised(first).version));
  writes.settle(id_of(first));
  CHECK(writes.size() == 0);
}

// Writes of 257 and 513 as a replica takes them that is not the primary.
class Overtaken {
 public:
  static constexpr resp::Version kFirst{3, 10, 257};
  static constexpr resp::Version kSecond{3, 11, 257};
  static constexpr resp::Version kOther{3, 12, 513};

  void take(const resp::Version& version, const resp::Version& before) {
    writes.overtake(kKey, version, before);
    writes.add(version.writer, kKey, version,
               {.existed = false, .version = version, .before = before});
  }
  [[nodiscard]] bool knows(const resp::Version& version) const {
    return writes.find(id_of(version)) != nullptr;
  }
  UnsettledWrites writes;
};

TEST_CASE_METHOD(Overtaken, "what another writer overtakes was not done") {
  take(kFirst, {});
  take(kSecond, kFirst);
  CHECK(knows(kFirst));
  writes.keep_batch();
  take(kOther, kSecond);
  CHECK_FALSE(knows(kFirst));
  CHECK_FALSE(knows(kSecond));
  CHECK(knows(kOther));
  writes.drop_batch();
  CHECK(knows(kFirst));
  CHECK(knows(kSecond));
  CHECK_FALSE(knows(kOther));
}

// Nobody would say so again, and it would stay unsettled for as long as its router is there.
TEST_CASE_METHOD(Overtaken, "what its writer says of a write holds though a batch is dropped") {
  const bool certain = GENERATE(true, false);
  take(kFirst, {});
  writes.keep_batch();
  take(kOther, kFirst);
  if (certain) {
    writes.settle(id_of(kFirst));
  } else {
    writes.abandon(id_of(kFirst));
  }
  writes.drop_batch();
  CHECK(knows(kFirst) != certain);
  CHECK(writes.writers().empty());
}

TEST_CASE_METHOD(Overtaken, "what is forgotten in a batch does not come back with it") {
  take(kFirst, {});
  writes.keep_batch();
  take(kOther, kFirst);
  writes.clear();
  writes.drop_batch();
  CHECK(writes.size() == 0);
}

TEST_CASE_METHOD(Overtaken, "what is overtaken in a raised version is its own writer's, too") {
  take(kFirst, {});
  writes.overtake(kKey, {3, 12, 257 | resp::Version::kRaisedBit}, kFirst);
  CHECK(knows(kFirst));
}

TEST_CASE("unsettled writes of a vnode are found by their versions") {
  UnsettledWrites writes;
  writes.add(257, kKey, {3, 10, 257}, {.existed = false, .version = {3, 10, 257}});
  CHECK(writes.has_below(7, {3, 11, 0}));
  CHECK_FALSE(writes.has_below(7, {3, 10, 257}));
  CHECK_FALSE(writes.has_below(8, {3, 11, 0}));
  CHECK(writes.vnodes_before(4).contains(7));
  CHECK(writes.vnodes_before(3).empty());
}

}  // namespace
}  // namespace doris::server

#include "server/vnode_digests.h"

#include <limits>

#include "tests/base/scratch_directory.h"
#include "tests/server/open_store.h"

namespace doris::server {
namespace {

TEST_CASE("a digest's term is the XXH64 of the version's bytes and the physical key") {
  const resp::Version version{.epoch = 3, .hlc = 0x019aae40e2130000, .writer = 257};
  CHECK(digest_term(version, "101:foo") == 0xe4af010690f5ed98);
}

TEST_CASE("a term depends on each part of the version and on the key") {
  const uint64_t term = digest_term({1, 2, 3}, "k");
  CHECK(digest_term({2, 2, 3}, "k") != term);
  CHECK(digest_term({1, 3, 3}, "k") != term);
  CHECK(digest_term({1, 2, 4}, "k") != term);
  CHECK(digest_term({1, 2, 3}, "l") != term);
  CHECK(digest_term({1, 2, 3}, "") != term);
}

TEST_CASE("an empty vnode's digest is zero, whatever its number") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  CHECK(store->digest(0) == VnodeDigest{});
  CHECK(store->digest(std::numeric_limits<topology::Vnode>::max()) == VnodeDigest{});
}

TEST_CASE("a digest follows every write of the open batch, and an abort takes it back") {
  const ScratchDirectory directory;
  OpenStore store(directory.file("s"));
  REQUIRE(store.put("a", "old", 1).ok());
  const uint64_t old_term = digest_term(version_at(1), "a");
  CHECK((store->digest(7) == VnodeDigest{1, old_term}));

  REQUIRE(store.write("a", value_write(2, "new")).ok());
  REQUIRE(store.write("b", tombstone(3)).ok());
  const uint64_t new_sum = digest_term(version_at(2), "a") + digest_term(version_at(3), "b");
  CHECK((store->digest(7) == VnodeDigest{2, new_sum}));
  CHECK(store->digest(8) == VnodeDigest{});
  store->abort();
  CHECK((store->digest(7) == VnodeDigest{1, old_term}));
  store.reopen();
  CHECK((store->digest(7) == VnodeDigest{1, old_term}));
}

TEST_CASE("two stores that took the same records in another order have one digest") {
  const ScratchDirectory directory;
  OpenStore one(directory.file("one"));
  OpenStore two(directory.file("two"));
  REQUIRE(one.put("a", "1", 1).ok());
  REQUIRE(one.put("a", "2", 2).ok());
  REQUIRE(one.put("b", "3", 3).ok());
  REQUIRE(*two->apply({7, "b"}, value_write(3, "").header, "3"));
  REQUIRE(*two->apply({7, "a"}, value_write(2, "").header, "2"));
  CHECK_FALSE(*two->apply({7, "a"}, value_write(1, "").header, "1"));
  CHECK(one->digest(7) == two->digest(7));
  REQUIRE(*two->apply({7, "a"}, tombstone(4).header, ""));
  CHECK_FALSE(one->digest(7) == two->digest(7));
}

}  // namespace
}  // namespace doris::server

#include "base/topology/key_hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/random.h"

namespace doris::topology {
namespace {

// The rule as its definition says it, digit by digit.
Vnode vnode_by_definition(std::string_view key, int32_t vnodes) {
  unsigned char md5[EVP_MAX_MD_SIZE];
  unsigned bytes = 0;
  REQUIRE(EVP_Digest(key.data(), key.size(), md5, &bytes, EVP_md5(), nullptr) == 1);
  uint32_t hash = 0;
  for (unsigned i = 0; i < bytes; ++i) {
    for (const char digit : fmt::format("{:02x}", md5[i])) {
      hash = 31U * hash + static_cast<uint32_t>(digit);
    }
  }
  return static_cast<Vnode>(std::abs(static_cast<int32_t>(hash) % vnodes));
}

TEST_CASE("keys land where the original Doris put them") {
  KeyHasher hasher;
  CHECK(hasher.vnode("101:a", 10000) == 7839);
  CHECK(hasher.vnode("101:foo", 10000) == 1947);
  CHECK(hasher.vnode("1:key1", 10000) == 3430);
}

TEST_CASE("the two-digit table gives what hashing the hex text digit by digit gives") {
  KeyHasher hasher;
  Random random(20);
  for (int i = 0; i < 2000; ++i) {
    const std::string key = fmt::format("key:{}", random.next());
    for (const uint32_t vnodes : {1U, 2U, 997U, 10000U, 65535U}) {
      CHECK(hasher.vnode(key, vnodes) == vnode_by_definition(key, static_cast<int32_t>(vnodes)));
    }
  }
}

TEST_CASE("an empty key and a key of any bytes have vnodes") {
  KeyHasher hasher;
  const std::string binary("\0\r\n\xff{", 5);
  CHECK(hasher.vnode("", 10000) == vnode_by_definition("", 10000));
  CHECK(hasher.vnode(binary, 10000) == vnode_by_definition(binary, 10000));
}

TEST_CASE("keys spread evenly over the vnodes") {
  constexpr uint32_t kVnodes = 100;
  constexpr uint32_t kKeys = 100000;
  KeyHasher hasher;
  std::vector<uint32_t> keys(kVnodes, 0);
  for (uint32_t i = 0; i < kKeys; ++i)
    ++keys[hasher.vnode(fmt::format("user:{}", i), kVnodes)];
  // 1000 expected, standard deviation 31.5: six of them are 189.
  for (const uint32_t count : keys) {
    CHECK(count > 811);
    CHECK(count < 1189);
  }
}

TEST_CASE("a tag in braces is routed instead of the key, as in Redis Cluster") {
  CHECK(routed_part("{user:1}.name") == "user:1");
  CHECK(routed_part("5:a{user:1}") == "user:1");
  CHECK(routed_part("a{x}{y}") == "x");
  CHECK(routed_part("a{{x}}") == "{x");
  KeyHasher hasher;
  CHECK(hasher.vnode("{user:1}.name", 10000) == hasher.vnode("user:1", 10000));
}

TEST_CASE("braces without a tag between them route the whole key") {
  for (const std::string_view key : {"plain", "", "{", "}", "a{}b", "a{}{b}", "a{b", "a}b{"}) {
    CHECK(routed_part(key) == key);
  }
}

TEST_CASE("the order within a vnode is the upper half of XXH64") {
  // XXH64("", 0) is 0xEF46DB3751D8E999 and XXH64("abc", 0) is 0x44BC2CF5AD770999.
  CHECK(order_hash("") == 0xEF46DB37U);
  CHECK(order_hash("abc") == 0x44BC2CF5U);
}

TEST_CASE("the physical key of namespace 0 is the key, of the others it has the number in front") {
  std::string out = "before ";
  append_physical_key(0, "key", out);
  CHECK(out == "before key");
  out.clear();
  append_physical_key(12, "key", out);
  CHECK(out == "12:key");
}

}  // namespace
}  // namespace doris::topology

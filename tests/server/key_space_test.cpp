#include "server/key_space.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/topology/key_hash.h"

namespace doris::server {
namespace {

TEST_CASE("a stored key is the vnode, the order hash and the key, so that vnodes are ranges") {
  std::string stored = "something else";
  encode_stored_key({0x0102, "1:key1"}, stored);
  const uint32_t hash = topology::order_hash("1:key1");
  REQUIRE(stored.size() == 12);
  CHECK(stored.substr(0, 2) == "\x01\x02");
  for (size_t i = 0; i < 4; ++i)
    CHECK(static_cast<unsigned char>(stored[2 + i]) == (hash >> (24 - 8 * i) & 0xFF));
  CHECK(stored.substr(6) == "1:key1");

  std::string next;
  encode_stored_key({0x0103, "a"}, next);
  CHECK(stored < next);
}

TEST_CASE("a stored key tells its vnode and key, and one that is too short is refused") {
  std::string stored;
  encode_stored_key({0x0102, "1:key1"}, stored);
  const auto key = decode_stored_key(stored);
  REQUIRE(key.ok());
  CHECK(key->vnode == 0x0102);
  CHECK(key->physical_key == "1:key1");
  CHECK((*decode_stored_key(stored.substr(0, 6))).physical_key.empty());
  CHECK(decode_stored_key(stored.substr(0, 5)).code() == Code::kCorrupt);
}

TEST_CASE("a key of the update log is the target and the stored key") {
  std::string stored;
  encode_stored_key({0x0102, "1:key1"}, stored);
  std::string key = "something else";
  encode_log_key(0x0c0d, {0x0102, "1:key1"}, key);
  CHECK(key == "\x0c\x0d" + stored);
}

TEST_CASE("a key is counted in the namespace that its prefix spells") {
  CHECK(namespace_of("1:a") == 1);
  CHECK(namespace_of("15:") == 15);
  CHECK(namespace_of("4095:a:b") == kNamespacesMax - 1);
}

TEST_CASE("a key whose prefix no namespace has is counted in namespace 0") {
  for (const char* key : {"", "a", ":", ":a", "0:a", "01:a", "1", "12", "x1:a", "1x:a", "-1:a",
                          "4096:a", "99999999999999999999:a"})
    CHECK(namespace_of(key) == 0);
}

}  // namespace
}  // namespace doris::server

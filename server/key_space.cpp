#include "server/key_space.h"

#include "base/limits.h"
#include "base/topology/key_hash.h"
#include "server/big_endian.h"

namespace doris::server {
namespace {

constexpr size_t kPhysicalAt = sizeof(topology::Vnode) + sizeof(uint32_t);

void append_stored_key(const KeyRef& key, std::string& out) {
  append_big_endian<uint16_t>(key.vnode, out);
  append_big_endian<uint32_t>(topology::order_hash(key.physical_key), out);
  out += key.physical_key;
}

}  // namespace

void encode_stored_key(const KeyRef& key, std::string& out) {
  out.clear();
  append_stored_key(key, out);
}

void encode_log_key(topology::NodeId target, const KeyRef& key, std::string& out) {
  out.clear();
  append_big_endian<uint16_t>(target, out);
  append_stored_key(key, out);
}

Result<KeyRef> decode_stored_key(std::string_view stored) {
  if (stored.size() < kPhysicalAt) return Status::corrupt("a key that is too short");
  return KeyRef{read_big_endian<uint16_t>(stored.data()), stored.substr(kPhysicalAt)};
}

std::string position_of(const KeyRef& key) {
  std::string stored;
  encode_stored_key(key, stored);
  return stored.substr(sizeof(topology::Vnode));
}

uint32_t namespace_of(std::string_view physical_key) {
  uint32_t number = 0;
  for (const char c : physical_key) {
    if (c == ':') return number;  // 0 for ":rest".
    const bool leading_zero = c == '0' && number == 0;
    if (c < '0' || c > '9' || leading_zero) return 0;
    number = number * 10 + static_cast<uint32_t>(c - '0');
    if (number >= kNamespacesMax) return 0;
  }
  return 0;
}

}  // namespace doris::server

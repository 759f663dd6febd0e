// key -> virtual node, as the original Doris did it, and key -> order within a vnode.
//
// vnode = |h(md5hex(routed part))| mod V, where md5hex is the 32 lower-case hex digits
// of the MD5 and h the signed 32-bit polynomial hash h = 31*h + c over them. The routed
// part of a physical key is what stands between the first '{' and the next '}' if that
// is not empty, as in Redis Cluster; else the whole physical key.
//
//   KeyHasher hasher;
//   hasher.vnode("101:a", 10000) == 7839
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/topology/topology.h"

namespace doris::topology {

// Owns a digest context: one per thread.
class KeyHasher {
 public:
  KeyHasher();
  ~KeyHasher();
  KeyHasher(const KeyHasher&) = delete;
  KeyHasher& operator=(const KeyHasher&) = delete;

  // REQUIRES: vnodes in 1..65535.
  [[nodiscard]] Vnode vnode(std::string_view physical_key, uint32_t vnodes);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// The routed part of a physical key: the {tag}, or all of it.
[[nodiscard]] std::string_view routed_part(std::string_view physical_key);

// Orders the keys of a vnode: the upper 32 bits of XXH64(physical key, seed 0).
[[nodiscard]] uint32_t order_hash(std::string_view physical_key);

// "key" in namespace 0, "n:key" in namespace n. Appends to `out`.
void append_physical_key(uint32_t name_space, std::string_view key, std::string& out);

}  // namespace doris::topology

// Buffers that a store keeps from call to call, so that the usual record allocates nothing.
#pragma once

#include <cstddef>
#include <string>

namespace doris::server {

// A buffer that one huge value has stretched is not kept.
inline void drop_if_huge(std::string& buffer) {
  constexpr size_t kKeptBytesMax = 1024UL * 1024;
  if (buffer.capacity() > kKeptBytesMax) std::string().swap(buffer);
}

}  // namespace doris::server

// Numbers in stored bytes: big-endian, so that they compare as the numbers do.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>

namespace doris::server {

template <std::unsigned_integral T>
void append_big_endian(T number, std::string& out) {
  for (size_t i = sizeof(T); i-- > 0;)
    out += static_cast<char>(number >> (8 * i) & 0xFF);
}

// Reads sizeof(T) bytes.
template <std::unsigned_integral T>
[[nodiscard]] T read_big_endian(const char* bytes) {
  T number = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    number = static_cast<T>(number << 8 | static_cast<unsigned char>(bytes[i]));
  return number;
}

}  // namespace doris::server

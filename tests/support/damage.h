// What a bad disk does to a file.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace doris {

// Flips the lowest bit of one byte. REQUIRES: offset < the file's size.
inline void flip_bit(const std::string& path, size_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(file.get());
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ 1));
}

// Where `text` stands in a file. Empty if it does not.
inline std::vector<size_t> offsets_of(const std::string& path, const std::string& text) {
  std::ifstream stream(path, std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(stream), {});
  std::vector<size_t> offsets;
  for (size_t at = content.find(text); at != std::string::npos; at = content.find(text, at + 1))
    offsets.push_back(at);
  return offsets;
}

// Where the written part of a file ends that is longer than it, with a hole.
inline size_t end_of_data(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(stream), {});
  return content.find_last_not_of('\0') + 1;
}

}  // namespace doris

// DiskReserve: a file of a megabyte that keeps room on the disk for what must be written when it
// is full to the last byte: the next topology, in which other servers take over.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace doris::server {

class DiskReserve {
 public:
  static constexpr uint64_t kBytes = 1024ULL * 1024;  // Topologies are small: room for many.

  // `path` is the file's; its directory exists by the first call.
  explicit DiskReserve(std::string path) : path_(std::move(path)) {}

  // Makes the file if it is missing and the disk has plenty of room. Failing is no error: then
  // there is no reserve.
  void keep();

  // Gives the room up. False if there is none.
  [[nodiscard]] bool release();

 private:
  const std::string path_;
};

}  // namespace doris::server

// Disks that fill up and files that rot, under a data server of a cluster.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/integration/cluster.h"
#include "tests/support/small_disk.h"

namespace doris::integration {

// A small disk, on which the data of some servers of a cluster is from now on.
class ClusterOnASmallDisk {
 public:
  explicit ClusterOnASmallDisk(const std::vector<std::string>& servers)
      : cluster({.conf = {"disk-free-min=16mb", "log-segment-size=1mb", "checkpoint-log-size=1mb",
                          "checkpoint-interval=1s"}}),
        mount_(cluster.directory() + "/small"),
        disk((cluster.stop(), std::filesystem::create_directory(mount_), mount_), 160) {
    if (!disk.mounted()) return;
    for (const std::string& server : servers) {
      const std::filesystem::path data = cluster.directory() + "/" + server;
      std::filesystem::copy(data, std::filesystem::path(mount_) / server,
                            std::filesystem::copy_options::recursive);
      std::filesystem::remove_all(data);
      std::filesystem::create_directory_symlink(std::filesystem::path(mount_) / server, data);
    }
    cluster.start();
  }

  Cluster cluster;

 private:
  const std::string mount_;

 public:
  SmallDisk disk;
};

// Overwrites the middle of every large file of Berkeley DB's in `directory`, but its logs.
inline std::vector<std::string> damage_files(const std::string& directory) {
  std::vector<std::string> damaged;
  for (const auto& each : std::filesystem::recursive_directory_iterator(directory)) {
    // The extension first: a log may be gone by now, since a checkpoint made it needless.
    if (each.path().extension() != ".db" || each.file_size() < 64 * 1024) continue;
    std::fstream file(each.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(16 * 1024);
    file << std::string(each.file_size() - 32 * 1024, '\x5a');
    damaged.push_back(each.path().filename().string());
  }
  return damaged;
}

}  // namespace doris::integration

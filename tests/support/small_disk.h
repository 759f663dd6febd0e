// SmallDisk: a file system in memory with little room, for tests of full disks. Mounting
// needs root; a test without it says that it was skipped.
#pragma once

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

namespace doris {

class SmallDisk {
 public:
  // `path` is a directory that exists.
  SmallDisk(std::string path, size_t megabytes) : path_(std::move(path)) {
    const std::string size = "size=" + std::to_string(megabytes) + "m";
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, size.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  // Takes all room but `bytes`, until free_room().
  void fill_but(size_t bytes) {
    const int fd = ::open(ballast().c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const std::string block(4096, 'x');
    while (std::filesystem::space(path_).available > bytes) {
      if (::write(fd, block.data(), block.size()) < 0) break;
    }
    ::close(fd);
  }
  void free_room() { std::filesystem::remove(ballast()); }

 private:
  [[nodiscard]] std::string ballast() const { return path_ + "/ballast"; }

  const std::string path_;
  bool mounted_ = false;
};

}  // namespace doris

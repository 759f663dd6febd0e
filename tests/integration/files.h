// Files and directories of a test.
#pragma once

#include <string>
#include <string_view>

namespace doris::integration {

// All of a file; "" if it cannot be read.
[[nodiscard]] std::string contents(const std::string& path);

void overwrite(const std::string& path, std::string_view text);

// A new, empty directory.
[[nodiscard]] std::string new_directory();

// Removes it with all that is in it. What cannot be removed stays, and fails nothing.
void remove_directory(const std::string& path);

// A new, empty directory, removed when this is destroyed.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(new_directory()) {}
  ~TemporaryDirectory() { remove_directory(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

}  // namespace doris::integration

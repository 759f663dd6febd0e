#include "tests/integration/files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/check.h"

namespace doris::integration {

namespace fs = std::filesystem;

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void overwrite(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  DORIS_CHECK(file.flush().good(), "cannot write " + path);
}

std::string new_directory() {
  std::string path = (fs::temp_directory_path() / "doris-test.XXXXXX").string();
  DORIS_CHECK(mkdtemp(path.data()) != nullptr, "cannot make " + path);
  return path;
}

void remove_directory(const std::string& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

}  // namespace doris::integration

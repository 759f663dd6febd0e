#include "tests/tidy/source_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace doris::tidy {
namespace {

namespace fs = std::filesystem;

// In a worktree .git is a file that names a folder.
bool is_no_source(const std::string& file) {
  return file == ".git" || file == "compile_commands.json";
}

bool holds_no_sources(const std::string& folder) {
  return folder == ".git" || folder == ".run" || folder == ".cache" || folder == "corpus" ||
         folder.starts_with("build");
}

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

std::string SourceFile::name() const {
  return fs::path(path).filename().string();
}

std::string SourceFile::folder() const {
  return fs::path(path).parent_path().string();
}

SourceFile source_file(std::string path, std::string_view text) {
  SourceFile file{std::move(path), {}};
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    file.lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return file;
}

std::vector<SourceFile> load_sources(const std::string& top) {
  std::vector<SourceFile> files;
  fs::recursive_directory_iterator each(top);
  for (; each != fs::recursive_directory_iterator(); ++each) {
    if (each->is_directory() && holds_no_sources(each->path().filename().string())) {
      each.disable_recursion_pending();
    } else if (each->is_regular_file() && !is_no_source(each->path().filename().string())) {
      files.push_back(
          source_file(fs::relative(each->path(), top).string(), contents(each->path())));
    }
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

}  // namespace doris::tidy

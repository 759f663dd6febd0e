// SourceTree: the text files of the project, for tests that judge them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace doris::tidy {

struct SourceFile {
  std::string path;  // Relative to the top: "base/net/loop.h".
  std::vector<std::string> lines;

  [[nodiscard]] std::string name() const;    // "loop.h"
  [[nodiscard]] std::string folder() const;  // "base/net"; empty at the top.
  [[nodiscard]] bool ends_with(std::string_view suffix) const { return path.ends_with(suffix); }
  [[nodiscard]] bool is_cpp() const { return ends_with(".h") || ends_with(".cpp"); }
};

// A file of the given text, as load_sources() would give it.
[[nodiscard]] SourceFile source_file(std::string path, std::string_view text);

// Every file below `top` but builds, data, version control and fuzz corpora, which are
// bytes rather than text.
[[nodiscard]] std::vector<SourceFile> load_sources(const std::string& top);

}  // namespace doris::tidy

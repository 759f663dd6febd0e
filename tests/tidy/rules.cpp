#include "tests/tidy/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>

namespace doris::tidy {
namespace {

constexpr size_t kLinesMax = 600;
constexpr size_t kColumnsMax = 100;

// Who may include whom. The roof (tests, tools) may include all, and nobody the roof.
const std::map<std::string, std::set<std::string>> kVisible = {
    {"base", {"base"}},
    {"base/net", {"base", "base/net"}},
    {"base/topology", {"base", "base/topology"}},
    {"base/bdb", {"base", "base/bdb"}},
    {"resp", {"base", "base/net", "base/topology", "resp"}},
    {"router", {"base", "base/net", "base/topology", "resp", "router"}},
    {"server", {"base", "base/net", "base/topology", "base/bdb", "resp", "server"}},
    {"admin", {"base", "base/net", "base/topology", "base/bdb", "resp", "admin"}},
};

struct Confinement {
  std::string header;  // An include that starts so.
  std::string folder;  // The folder, or what lies below it, that may have it.
  std::string why;
};

const std::vector<Confinement> kConfinements = {
    {"uv.h", "base/net", "libuv stays behind base/net"},
    {"db.h", "base/bdb", "Berkeley DB stays behind base/bdb"},
    {"spdlog/", "base", "spdlog stays behind base/log.h"},
    {"CLI/", "base", "CLI11 stays behind base/command_line.h"},
    {"hiredis", "tests", "hiredis is for the tests"},
};

std::string at(const SourceFile& file, size_t line, std::string_view what) {
  return fmt::format("{}:{}: {}", file.path, line + 1, what);
}

// The offences of all lines that `wrong` finds fault with; it returns "" for a good one.
template <class Wrong>
Offences judge_lines(const SourceFile& file, Wrong wrong) {
  Offences offences;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    if (const std::string what = wrong(file.lines[i]); !what.empty()) {
      offences.push_back(at(file, i, what));
    }
  }
  return offences;
}

// What an #include line names, without quotes or brackets; "" for other lines.
std::string included(const std::string& line) {
  static const std::regex include(R"re(^\s*#\s*include\s*[<"]([^>"]+)[>"].*)re");
  std::smatch match;
  return std::regex_match(line, match, include) ? match[1].str() : "";
}

bool lies_in(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

// Columns, not bytes: a UTF-8 continuation byte takes none.
size_t columns(const std::string& line) {
  return static_cast<size_t>(
      std::ranges::count_if(line, [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

}  // namespace

Offences upward_includes(const SourceFile& file) {
  const auto visible = kVisible.find(file.folder());
  if (!file.is_cpp() || visible == kVisible.end()) return {};
  return judge_lines(file, [&](const std::string& line) -> std::string {
    const std::string header = included(line);
    const std::string room = source_file(header, "").folder();
    const bool ours = kVisible.contains(room) || lies_in(room, "tests") || lies_in(room, "tools");
    if (!ours || visible->second.contains(room)) return "";
    return fmt::format("{} may not include {}", file.folder(), header);
  });
}

Offences unconfined_libraries(const SourceFile& file) {
  if (!file.is_cpp()) return {};
  return judge_lines(file, [&](const std::string& line) -> std::string {
    const std::string header = included(line);
    for (const Confinement& confined : kConfinements) {
      if (header.starts_with(confined.header) && !lies_in(file.folder(), confined.folder)) {
        return fmt::format("includes {}, but {}", header, confined.why);
      }
    }
    return "";
  });
}

Offences meaningless_names(const SourceFile& file) {
  static const std::set<std::string> banned = {"util", "utils", "misc", "common", "helpers"};
  const std::string name = file.name();
  if (!banned.contains(name.substr(0, name.find('.')))) return {};
  return {at(file, 0, "the name says nothing about what is in it")};
}

Offences unguarded_headers(const SourceFile& file) {
  if (!file.ends_with(".h")) return {};
  if (std::ranges::count(file.lines, "#pragma once") == 1) return {};
  return {at(file, 0, "a header has one line '#pragma once'")};
}

Offences excessive_lengths(const SourceFile& file) {
  if (!file.is_cpp()) return {};
  Offences offences = judge_lines(file, [](const std::string& line) -> std::string {
    return columns(line) > kColumnsMax ? fmt::format("over {} columns", kColumnsMax) : "";
  });
  if (file.lines.size() > kLinesMax) {
    offences.push_back(at(file, kLinesMax, fmt::format("over {} lines", kLinesMax)));
  }
  return offences;
}

Offences stray_whitespace(const SourceFile& file) {
  return judge_lines(file, [](const std::string& line) -> std::string {
    if (line.find('\t') != std::string::npos) return "a tab";
    if (line.find('\r') != std::string::npos) return "a carriage return";
    return line.ends_with(' ') ? "a space at the end" : "";
  });
}

Offences unfinished_work(const SourceFile& file) {
  // Spelt in two halves, so that this file does not accuse itself.
  static const std::regex note(
      "\\b(TO"
      "DO|FIX"
      "ME|XX"
      "X)\\b");
  return judge_lines(file, [](const std::string& line) -> std::string {
    return std::regex_search(line, note) ? "a note to ourselves: finish it, or file an issue" : "";
  });
}

Offences machine_paths(const SourceFile& file) {
  static const std::regex path(
      "(^|[^A-Za-z0-9_.-])/(wo"
      "rk|ro"
      "ot|ho"
      "me)/");
  return judge_lines(file, [](const std::string& line) -> std::string {
    return std::regex_search(line, path) ? "names a folder of one machine" : "";
  });
}

}  // namespace doris::tidy

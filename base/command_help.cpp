#include "base/command_help.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/config_value.h"

namespace doris {
namespace {

constexpr std::string_view kIndent = "      ";

// The words of `text` in indented lines that end before column 80.
std::string wrapped(std::string_view text) {
  constexpr size_t kColumns = 80;
  std::string lines;
  std::string line(kIndent);
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const bool starts_line = line.size() == kIndent.size();
    if (!starts_line && line.size() + 1 + end > kColumns) {
      lines += line + '\n';
      line = kIndent;
    } else if (!starts_line) {
      line += ' ';
    }
    line += text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines + line + '\n';
}

}  // namespace

std::string_view program_name(Program program) {
  switch (program) {
    case Program::kRouter:
      return "doris-router";
    case Program::kServer:
      return "doris-server";
    case Program::kAdmin:
      return "doris-admin";
  }
  check_failed(__FILE__, __LINE__, "program", "not a program of ours");
}

std::string_view program_prefix(Program program) {
  return program_name(program).substr(std::string_view("doris-").size());
}

std::string command_help(Program program) {
  std::string help = fmt::format(
      "Usage: {} [--conf FILE] [--KEY VALUE]...\n\n"
      "  --conf FILE    read settings from FILE; the command line overrides them\n"
      "  --test-conf    say whether the settings are right, and exit\n"
      "  --port N       short for --{}-port N\n"
      "  --version      print the version, and exit\n"
      "  --help         print this, and exit\n\n"
      "Every setting of doris.conf that this program reads is a flag as well. A yes|no\n"
      "setting without a value means yes.\n",
      program_name(program), program_prefix(program));
  for (const ConfigKey& key : config_table()) {
    if (!key.read_by(program)) continue;
    help += fmt::format("\n  --{}\n", key.name);
    help += wrapped(key.reason);
    help += wrapped(describe(key));
  }
  return help;
}

}  // namespace doris

#include "resp/config_reply.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "resp/errors.h"
#include "resp/words.h"

namespace doris::resp {
namespace {

// Does `c` belong to the set that `pattern` starts with ("[a-z]...")? `length` becomes that
// of the set.
bool in_set(std::string_view pattern, char c, size_t& length) {
  size_t at = 1;
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool found = false;
  for (; at < pattern.size() && pattern[at] != ']'; ++at) {
    if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
      found |= lower(pattern[at]) <= c && c <= lower(pattern[at + 2]);
      at += 2;
    } else {
      found |= lower(pattern[at]) == c;
    }
  }
  length = std::min(at + 1, pattern.size());
  return found != negated;
}

// Does one element of the pattern take `c`? `length` becomes the element's.
bool takes(std::string_view pattern, char c, size_t& length) {
  length = 1;
  if (pattern[0] == '?') return true;
  if (pattern[0] == '[') return in_set(pattern, c, length);
  if (pattern[0] == '\\' && pattern.size() > 1) {
    length = 2;
    return lower(pattern[1]) == c;
  }
  return lower(pattern[0]) == c;
}

void write_help(Writer& writer) {
  constexpr std::string_view kLines[] = {
      "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "GET <pattern>",
      "    Return parameters matching the glob-like <pattern> and their values.",
      "HELP",
      "    Prints this help.",
  };
  writer.lines(kLines);
}

void write_get(Writer& writer, const Config& config, Program program,
               std::span<const std::string_view> patterns) {
  // What redis-benchmark and client libraries ask of any Redis: Doris always keeps its data
  // in a log, never in snapshots, and closes no idle connection.
  std::vector<std::pair<std::string_view, std::string>> all = {
      {"save", ""}, {"appendonly", "yes"}, {"timeout", "0"}, {"replica-read-only", "yes"}};
  for (const ConfigKey& key : config_table()) {
    if (key.read_by(program)) all.emplace_back(key.name, config.shown(key.name));
  }
  std::erase_if(all, [&](const auto& entry) {
    return std::none_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
      return matches_glob(pattern, entry.first);
    });
  });
  writer.map(all.size());
  for (const auto& [name, value] : all)
    writer.bulk(name).bulk(value);
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view text) {
  size_t at = 0;
  size_t in_text = 0;
  size_t star = std::string_view::npos;  // The last star, and where the text stood then.
  size_t star_text = 0;
  while (in_text < text.size()) {
    size_t length = 0;
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      star_text = in_text;
    } else if (at < pattern.size() && takes(pattern.substr(at), lower(text[in_text]), length)) {
      at += length;
      ++in_text;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in_text = ++star_text;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*')
    ++at;
  return at == pattern.size();
}

std::string config_error(std::span<const std::string_view> args) {
  const bool gets = equals_ignoring_case(args[1], "get");
  if (!gets && !equals_ignoring_case(args[1], "help")) return unknown_subcommand("CONFIG", args[1]);
  const bool fits = gets ? args.size() >= 3 : args.size() == 2;
  return fits ? "" : wrong_arity(gets ? "config|get" : "config|help");
}

void write_config_reply(Writer writer, const Config& config, Program program,
                        std::span<const std::string_view> args) {
  if (equals_ignoring_case(args[1], "help")) {
    write_help(writer);
  } else {
    write_get(writer, config, program, args.subspan(2));
  }
}

}  // namespace doris::resp

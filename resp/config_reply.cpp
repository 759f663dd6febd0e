#include "resp/config_reply.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "resp/errors.h"
#include "resp/glob.h"
#include "resp/words.h"

namespace doris::resp {
namespace {

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

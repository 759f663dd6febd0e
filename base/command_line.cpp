#include "base/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <vector>

#include "base/command_help.h"
#include "base/one_line.h"
#include "base/spelling.h"

namespace doris {
namespace {

constexpr int kFailure = 1;
constexpr std::string_view kOrigin = "command line";

struct Flags {
  CLI::Option* conf;
  CLI::Option* test_conf;
  CLI::Option* version;
  CLI::Option* help;
  // The keys that the program reads, in the table's order.
  std::vector<std::pair<const ConfigKey*, CLI::Option*>> keys;
};

// Options hold texts only: what is right for a key is the table's affair, so that a flag
// and a line of doris.conf are refused in the same words.
Flags declare(CLI::App& app, Program program) {
  app.set_help_flag();  // Ours has the reasons in it.
  app.allow_extras();   // We have more to say about unknown flags.
  const auto last_of_several = CLI::MultiOptionPolicy::TakeLast;
  Flags flags{};
  flags.conf = app.add_option("--conf")->expected(1)->multi_option_policy(last_of_several);
  flags.test_conf = app.add_flag("--test-conf");
  flags.version = app.add_flag("--version");
  flags.help = app.add_flag("--help,-h");
  const std::string own_port = fmt::format("{}-port", program_prefix(program));
  for (const ConfigKey& key : config_table()) {
    if (!key.read_by(program)) continue;
    std::string names = fmt::format("--{}", key.name);
    if (key.name == own_port) names += ",--port";
    CLI::Option* const option = app.add_option(names)->multi_option_policy(last_of_several);
    if (key.choices == "yes|no") {
      option->expected(0, 1)->default_str("yes");
    } else {
      option->expected(1);
    }
    flags.keys.emplace_back(&key, option);
  }
  return flags;
}

// The arguments in the reverse order that CLI11 asks for. It takes the word after "--key="
// for the value, so an empty value is passed as a word of its own.
std::vector<std::string> reversed_arguments(int argc, const char* const* argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    const bool empty_value = word.starts_with("--") && word.find('=') == word.size() - 1;
    if (empty_value) word.pop_back();
    words.push_back(std::move(word));
    if (empty_value) words.emplace_back();
  }
  std::ranges::reverse(words);
  return words;
}

Status unknown_argument(Program program, std::string_view word) {
  if (!word.starts_with("--")) {
    return Status::invalid(fmt::format("'{}' is not a flag; flags start with --", word));
  }
  const std::string_view name = word.substr(2, word.find('=') - 2);
  if (find_config_key(name) != nullptr) {
    return Status::invalid(
        fmt::format("--{}: {} does not read this setting", name, program_name(program)));
  }
  std::vector<std::string_view> names = {"conf", "test-conf", "version", "help", "port"};
  for (const ConfigKey& key : config_table()) {
    if (key.read_by(program)) names.push_back(key.name);
  }
  return Status::invalid(
      fmt::format("--{}: there is no such flag{}", name, did_you_mean(name, names, "--")));
}

Status parse(CLI::App& app, Program program, int argc, const char* const* argv) {
  try {
    app.parse(reversed_arguments(argc, argv));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string message = error.what();
    return Status::invalid(message.substr(0, message.find(':')) + ": a value is missing");
  } catch (const CLI::Error& error) {
    return Status::invalid(error.what());
  }
  const std::vector<std::string> unknown = app.remaining();
  if (!unknown.empty()) return unknown_argument(program, unknown.front());
  return Status::okay();
}

// All that is wrong at once: whoever mends one thing need not start again to see the next.
std::vector<Status> load(const Flags& flags, Program program, Config& config) {
  std::vector<Status> errors;
  if (!flags.conf->empty()) errors = config.load_file(flags.conf->results().back());
  for (const auto& [key, option] : flags.keys) {
    if (option->empty()) continue;
    Status status = config.set(key->name, option->results().back(), kOrigin);
    if (!status.ok()) errors.push_back(std::move(status));
  }
  // Whether values fit together can be asked when each of them is right.
  return errors.empty() ? config.validate(program) : errors;
}

void print_errors(Program program, const std::vector<Status>& errors) {
  constexpr size_t kShownMax = 20;  // Of a file that was never meant to be doris.conf.
  const size_t shown = std::min(errors.size(), kShownMax);
  for (size_t i = 0; i < shown; ++i)
    fmt::print(stderr, "{}: {}\n", program_name(program), one_line(errors[i].message()));
  if (shown < errors.size()) {
    fmt::print(stderr, "{}: and {} errors more\n", program_name(program), errors.size() - shown);
  }
}

// What the command line asks for besides running: its text for standard output.
std::optional<std::string> printed_only(const Flags& flags, Program program) {
  if (!flags.help->empty()) return command_help(program);
  if (!flags.version->empty()) {
    return fmt::format("{} {}\n", program_name(program), doris_version());
  }
  return std::nullopt;
}

}  // namespace

CommandLine parse_command_line(Program program, int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app;
  const Flags flags = declare(app, program);
  std::vector<Status> errors;
  if (Status parsed = parse(app, program, argc, argv); !parsed.ok()) {
    errors.push_back(std::move(parsed));
  } else if (const auto text = printed_only(flags, program)) {
    fmt::print("{}", *text);
    line.exit_code = 0;
    return line;
  } else {
    errors = load(flags, program, line.config);
  }
  if (!errors.empty()) {
    print_errors(program, errors);
    line.exit_code = kFailure;
  } else if (!flags.test_conf->empty()) {
    fmt::print("{}: the configuration is right\n", program_name(program));
    line.exit_code = 0;
  }
  return line;
}

std::string_view doris_version() {
  return DORIS_VERSION;
}

}  // namespace doris

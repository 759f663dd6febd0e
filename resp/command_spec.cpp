#include "resp/command_spec.h"

#include <algorithm>
#include <string>
#include <vector>

#include "resp/errors.h"
#include "resp/glob.h"
#include "resp/words.h"

namespace doris::resp {
namespace {

using Specs = std::span<const CommandSpec>;
using Args = std::span<const std::string_view>;
using Words = std::vector<std::string_view>;

// Cuts at spaces that are not in brackets: "key [EX seconds]" has two words.
Words words_of(std::string_view text) {
  Words words;
  size_t start = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '[') ++depth;
    if (i < text.size() && text[i] == ']') --depth;
    if (i < text.size() && (text[i] != ' ' || depth > 0)) continue;
    if (i > start) words.push_back(text.substr(start, i - start));
    start = i + 1;
  }
  return words;
}

bool has(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void write_words(Writer& writer, const Words& words) {
  writer.set(words.size());
  for (const std::string_view word : words)
    writer.simple(word);
}

const CommandSpec* find(Specs specs, std::string_view name) {
  const auto found = std::find_if(specs.begin(), specs.end(), [&](const CommandSpec& spec) {
    return equals_ignoring_case(spec.name, name);
  });
  return found == specs.end() ? nullptr : &*found;
}

// ---- COMMAND INFO --------------------------------------------------------------------

// Redis derives these from the group and the flags in the same way.
Words acl_categories(const CommandSpec& spec, const Words& flags) {
  Words categories;
  if (spec.group == "generic") categories.push_back("@keyspace");
  if (has(flags, "write")) categories.push_back("@write");
  if (has(flags, "readonly")) categories.push_back("@read");
  if (spec.group == "string") categories.push_back("@string");
  if (has(flags, "admin")) categories.insert(categories.end(), {"@admin", "@dangerous"});
  categories.push_back(has(flags, "fast") ? "@fast" : "@slow");
  if (spec.group == "connection") categories.push_back("@connection");
  return categories;
}

// The newer way to say first_key, last_key and key_step: an array of one specification.
void write_key_specs(Writer& writer, const CommandSpec& spec, const Words& flags) {
  if (spec.first_key == 0) {
    writer.set(0);
    return;
  }
  writer.set(1).map(3);
  writer.bulk("flags");
  write_words(writer, has(flags, "write") ? Words{"RW", "update"} : Words{"RO", "access"});
  writer.bulk("begin_search").map(2);
  writer.bulk("type").bulk("index");
  writer.bulk("spec").map(1).bulk("index").integer(spec.first_key);
  // Here the last key is counted from the first, unless it is counted from the end.
  const int last = spec.last_key < 0 ? spec.last_key : spec.last_key - spec.first_key;
  writer.bulk("find_keys").map(2);
  writer.bulk("type").bulk("range");
  writer.bulk("spec").map(3);
  writer.bulk("lastkey").integer(last);
  writer.bulk("keystep").integer(spec.key_step);
  writer.bulk("limit").integer(0);
}

// One entry of COMMAND and COMMAND INFO: ten elements.
void write_info(Writer& writer, const CommandSpec& spec) {
  const Words flags = words_of(spec.flags);
  writer.array(10).bulk(spec.name).integer(spec.arity);
  write_words(writer, flags);
  writer.integer(spec.first_key).integer(spec.last_key).integer(spec.key_step);
  write_words(writer, acl_categories(spec, flags));
  writer.set(0);  // Tips.
  write_key_specs(writer, spec, flags);
  writer.set(0);  // Subcommands.
}

// A name that is not known is null.
void write_infos(Writer& writer, Specs specs, Args names) {
  if (names.empty()) {
    writer.array(specs.size());
    for (const CommandSpec& spec : specs)
      write_info(writer, spec);
    return;
  }
  writer.array(names.size());
  for (const std::string_view name : names) {
    if (const CommandSpec* spec = find(specs, name); spec != nullptr) {
      write_info(writer, *spec);
    } else {
      writer.null();
    }
  }
}

// ---- COMMAND DOCS --------------------------------------------------------------------

// redis-cli shows an argument by its name, in brackets if it is optional.
void write_argument(Writer& writer, std::string_view word) {
  const bool optional = word.starts_with('[') && word.ends_with(']');
  if (optional) word = word.substr(1, word.size() - 2);
  writer.map(optional ? 3 : 2);
  writer.bulk("name").bulk(word);
  writer.bulk("type").bulk("string");
  if (optional) writer.bulk("flags").set(1).simple("optional");
}

void write_docs(Writer& writer, const CommandSpec& spec) {
  const Words arguments = words_of(spec.arguments);
  writer.bulk(spec.name).map(arguments.empty() ? 3 : 4);
  writer.bulk("summary").bulk(spec.summary);
  writer.bulk("since").bulk(spec.since);
  writer.bulk("group").bulk(spec.group);
  if (arguments.empty()) return;
  writer.bulk("arguments").array(arguments.size());
  for (const std::string_view word : arguments)
    write_argument(writer, word);
}

// Names that are not known are left out.
void write_all_docs(Writer& writer, Specs specs, Args names) {
  std::vector<const CommandSpec*> shown;
  for (const std::string_view name : names) {
    if (const CommandSpec* spec = find(specs, name); spec != nullptr) shown.push_back(spec);
  }
  if (names.empty()) {
    for (const CommandSpec& spec : specs)
      shown.push_back(&spec);
  }
  writer.map(shown.size());
  for (const CommandSpec* spec : shown)
    write_docs(writer, *spec);
}

// ---- The others ----------------------------------------------------------------------

void write_names(Writer& writer, const Words& names) {
  writer.array(names.size());
  for (const std::string_view name : names)
    writer.bulk(name);
}

template <class Filter>
Words names_of(Specs specs, Filter passes) {
  Words names;
  for (const CommandSpec& spec : specs) {
    if (passes(spec)) names.push_back(spec.name);
  }
  return names;
}

bool is_of_category(const CommandSpec& spec, std::string_view category) {
  const Words all = acl_categories(spec, words_of(spec.flags));
  return std::any_of(all.begin(), all.end(), [&](std::string_view each) {
    return equals_ignoring_case(each.substr(1), category);  // Without its '@'.
  });
}

// `words` are what follows LIST: nothing, or FILTERBY and by what. No command here is of a module.
void write_list(Writer& writer, Specs specs, Args words) {
  const auto is = [&](size_t at, std::string_view word) {
    return equals_ignoring_case(words[at], word);
  };
  if (words.empty()) {
    write_names(writer, names_of(specs, [](const CommandSpec&) { return true; }));
    return;
  }
  const bool filters = words.size() == 3 && is(0, "filterby");
  if (filters && is(1, "module")) {
    writer.array(0);
  } else if (filters && is(1, "aclcat")) {
    write_names(writer, names_of(specs, [&](const CommandSpec& spec) {
                  return is_of_category(spec, words[2]);
                }));
  } else if (filters && is(1, "pattern")) {
    write_names(writer, names_of(specs, [&](const CommandSpec& spec) {
                  return matches_glob(words[2], spec.name);
                }));
  } else {
    writer.error(kSyntaxError);
  }
}

void write_keys(Writer& writer, Specs specs, Args command) {
  const CommandSpec* spec = find(specs, command[0]);
  if (spec == nullptr) {
    writer.error("ERR Invalid command specified");
  } else if (spec->first_key == 0) {
    writer.error("ERR The command has no key arguments");
  } else if (!arity_fits(*spec, command.size())) {
    writer.error("ERR Invalid number of arguments specified for command");
  } else {
    const auto size = static_cast<int>(command.size());
    const int last = spec->last_key < 0 ? size + spec->last_key : spec->last_key;
    Words keys;
    for (int i = spec->first_key; i <= last; i += spec->key_step)
      keys.push_back(command[i]);
    writer.array(keys.size());
    for (const std::string_view key : keys)
      writer.bulk(key);
  }
}

void write_help(Writer& writer) {
  constexpr std::string_view kLines[] = {
      "COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "(no subcommand)",
      "    Return details about all commands.",
      "COUNT",
      "    Return the total number of commands.",
      "LIST",
      "    Return a list of all commands.",
      "INFO [<command-name> ...]",
      "    Return details about multiple commands.",
      "DOCS [<command-name> ...]",
      "    Return documentation details about multiple commands.",
      "GETKEYS <full-command>",
      "    Return the keys from a full command.",
      "HELP",
      "    Prints this help.",
  };
  writer.lines(kLines);
}

}  // namespace

bool arity_fits(int arity, size_t args) {
  const auto count = static_cast<int64_t>(args);
  return arity >= 0 ? count == arity : count >= -arity;
}

bool arity_fits(const CommandSpec& spec, size_t args) {
  return arity_fits(spec.arity, args);
}

void write_command_reply(Writer writer, Specs specs, Args args) {
  if (args.size() == 1) {
    write_infos(writer, specs, {});
    return;
  }
  const auto is = [&](std::string_view word) { return equals_ignoring_case(args[1], word); };
  const bool alone = args.size() == 2;
  if (is("info")) {
    write_infos(writer, specs, args.subspan(2));
  } else if (is("docs")) {
    write_all_docs(writer, specs, args.subspan(2));
  } else if (is("getkeys") && !alone) {
    write_keys(writer, specs, args.subspan(2));
  } else if (is("list")) {
    write_list(writer, specs, args.subspan(2));
  } else if (is("count") && alone) {
    writer.integer(static_cast<int64_t>(specs.size()));
  } else if (is("help") && alone) {
    write_help(writer);
  } else if (is("getkeys") || is("count") || is("help")) {
    std::string name = "command|";
    for (const char c : args[1])
      name.push_back(lower(c));
    writer.error(wrong_arity(name));
  } else {
    writer.error(unknown_subcommand("COMMAND", args[1]));
  }
}

}  // namespace doris::resp

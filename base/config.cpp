#include "base/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "base/config_value.h"
#include "base/spelling.h"

namespace doris {
namespace {

constexpr std::string_view kBlanks = " \t";

struct ConfigLine {
  std::string_view key;  // Empty: the line says nothing.
  std::string_view value;
};

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

// True iff nothing but blanks and a comment is left.
bool says_nothing(std::string_view rest) {
  skip_blanks(rest);
  return rest.empty() || rest.front() == '#';
}

// line := blanks? (key blanks value)? (blanks? '#' anything)?
// value := word | '"' anything but '"' '"'
Result<ConfigLine> split(std::string_view line) {
  if (says_nothing(line)) return ConfigLine{};
  skip_blanks(line);
  ConfigLine parts;
  parts.key = take_word(line);
  if (says_nothing(line)) {
    return Status::invalid(
        fmt::format("{}: a value is missing (\"\" is the empty one)", parts.key));
  }
  skip_blanks(line);
  if (line.front() == '"') {
    const size_t close = line.find('"', 1);
    if (close == std::string_view::npos) {
      return Status::invalid(fmt::format("{}: the closing '\"' is missing", parts.key));
    }
    parts.value = line.substr(1, close - 1);
    line.remove_prefix(close + 1);
  } else {
    parts.value = take_word(line);
  }
  if (!says_nothing(line)) {
    return Status::invalid(fmt::format(
        "{}: more than one value; put double quotes around one with spaces", parts.key));
  }
  return parts;
}

Result<std::string> read_whole(const std::string& path) {
  constexpr size_t kFileBytesMax = 1024 * 1024;  // Whoever names a device meant another file.
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return Status::from_errno(errno, path);
  std::string text(kFileBytesMax + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return Status::from_errno(errno, path);
  if (text.size() > kFileBytesMax) {
    return Status::invalid("larger than 1mb: this is no configuration file").prefixed(path);
  }
  return text;
}

std::vector<std::string_view> all_names() {
  std::vector<std::string_view> names;
  for (const ConfigKey& key : config_table())
    names.push_back(key.name);
  return names;
}

bool holds_text(const ConfigKey& key) {
  return key.type == ConfigKey::Type::kText || key.type == ConfigKey::Type::kChoice;
}

// The key that the program asks for. Asking for one that is not there is our bug.
const ConfigKey& known(std::string_view name) {
  const ConfigKey* const key = find_config_key(name);
  DORIS_CHECK(key != nullptr, name);
  return *key;
}

}  // namespace

Config::Config() {
  for (const ConfigKey& key : config_table()) {
    Result<ConfigValue> value = parse_config_value(key, key.initial);
    DORIS_CHECK(value.ok(), value.status().prefixed(key.name).message());
    settings_.emplace(key.name, Setting{*std::move(value), "default"});
  }
}

std::vector<Status> Config::load_file(const std::string& path) {
  const Result<std::string> text = read_whole(path);
  if (!text.ok()) return {text.status()};
  return load_text(*text, path);
}

std::vector<Status> Config::load_text(std::string_view text, std::string_view origin) {
  Config loaded = *this;
  std::vector<Status> errors;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    Status status = loaded.load_line(line, fmt::format("{}:{}", origin, number));
    if (!status.ok()) errors.push_back(std::move(status));
  }
  if (errors.empty()) *this = std::move(loaded);
  return errors;
}

Status Config::load_line(std::string_view line, std::string_view origin) {
  const Result<ConfigLine> parts = split(line);
  if (!parts.ok()) return parts.status().prefixed(origin);
  if (parts->key.empty()) return Status::okay();
  return set(parts->key, parts->value, origin);
}

Status Config::set(std::string_view key, std::string_view value, std::string_view origin) {
  const ConfigKey* const found = find_config_key(key);
  if (found == nullptr) {
    return Status::invalid(
        fmt::format("{}: {}: there is no such key{}", origin, key, did_you_mean(key, all_names())));
  }
  Result<ConfigValue> parsed = parse_config_value(*found, value);
  if (!parsed.ok()) return parsed.status().prefixed(key).prefixed(origin);
  settings_.find(key)->second = {*std::move(parsed), std::string(origin)};
  return Status::okay();
}

int64_t Config::number(std::string_view key, ConfigKey::Type type) const {
  DORIS_CHECK(known(key).type == type, key);
  return settings_.find(key)->second.value.number;
}

int64_t Config::integer(std::string_view key) const {
  return number(key, ConfigKey::Type::kInteger);
}

uint64_t Config::bytes(std::string_view key) const {
  return static_cast<uint64_t>(number(key, ConfigKey::Type::kBytes));
}

Millis Config::duration(std::string_view key) const {
  return Millis{number(key, ConfigKey::Type::kDuration)};
}

const std::string& Config::text(std::string_view key) const {
  DORIS_CHECK(holds_text(known(key)), key);
  return settings_.find(key)->second.value.text;
}

bool Config::is_yes(std::string_view key) const {
  DORIS_CHECK(known(key).choices == "yes|no", key);
  return text(key) == "yes";
}

const std::string& Config::origin(std::string_view key) const {
  DORIS_CHECK(find_config_key(key) != nullptr, key);
  return settings_.find(key)->second.origin;
}

std::string Config::shown(std::string_view key) const {
  const bool is_text = holds_text(known(key));
  const ConfigValue& value = settings_.find(key)->second.value;
  return is_text ? value.text : std::to_string(value.number);
}

}  // namespace doris

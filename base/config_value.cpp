#include "base/config_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace doris {
namespace {

using Type = ConfigKey::Type;

struct Unit {
  std::string_view name;
  int64_t factor;
};

// Ascending; the first is the one that a bare number is in.
constexpr std::array kByteUnits = {Unit{"b", 1}, Unit{"kb", 1LL << 10}, Unit{"mb", 1LL << 20},
                                   Unit{"gb", 1LL << 30}};
constexpr std::array kTimeUnits = {Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60 * 1000},
                                   Unit{"h", 60 * 60 * 1000}};
constexpr std::array kNoUnits = {Unit{"", 1}};

std::span<const Unit> units_of(Type type) {
  if (type == Type::kBytes) return kByteUnits;
  if (type == Type::kDuration) return kTimeUnits;
  return kNoUnits;
}

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// The number of base units that `written` stands for; nothing if it is not a whole number
// followed by a unit. A number too large for 64 bits becomes the largest or smallest one:
// it is out of every range all the same.
std::optional<int64_t> parse_number(std::string_view written, std::span<const Unit> units) {
  int64_t count = 0;
  const char* const end = written.data() + written.size();
  const auto [rest, error] = std::from_chars(written.data(), end, count);
  if (error == std::errc::invalid_argument) return std::nullopt;
  const bool negative = written.front() == '-';
  constexpr auto kMax = std::numeric_limits<int64_t>::max();
  constexpr auto kMin = std::numeric_limits<int64_t>::min();

  const std::string_view suffix(rest, static_cast<size_t>(end - rest));
  const auto matches = [&](const Unit& unit) { return same_letters(unit.name, suffix); };
  const auto unit = suffix.empty() ? units.begin() : std::ranges::find_if(units, matches);
  if (unit == units.end()) return std::nullopt;

  if (error == std::errc::result_out_of_range) return negative ? kMin : kMax;
  int64_t product = 0;
  if (__builtin_mul_overflow(count, unit->factor, &product)) return negative ? kMin : kMax;
  return product;
}

std::string written_with(int64_t number, std::span<const Unit> units) {
  if (number == 0) return "0";
  const auto divides = [&](const Unit& unit) { return number % unit.factor == 0; };
  const auto unit = std::find_if(units.rbegin(), units.rend(), divides);
  return fmt::format("{}{}", number / unit->factor, unit->name);
}

std::string_view type_words(Type type) {
  if (type == Type::kBytes) return "a size (a whole number and b, kb, mb or gb)";
  if (type == Type::kDuration) return "a duration (a whole number and ms, s, m or h)";
  return "a whole number";
}

Result<ConfigValue> parse_numeric(const ConfigKey& key, std::string_view written) {
  const std::optional<int64_t> number = parse_number(written, units_of(key.type));
  if (!number) {
    return Status::invalid(fmt::format("'{}' is not {}; write {}", written, type_words(key.type),
                                       accepted_values(key)));
  }
  if (*number < key.min || *number > key.max) {
    return Status::invalid(
        fmt::format("{} is out of range; write {}", written, accepted_values(key)));
  }
  return ConfigValue{.number = *number, .text = {}};
}

// Calls `visit` with each choice of "always|everysec|no".
template <class Visit>
void for_each_choice(std::string_view choices, Visit visit) {
  while (!choices.empty()) {
    const size_t bar = std::min(choices.find('|'), choices.size());
    visit(choices.substr(0, bar));
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
}

Result<ConfigValue> parse_choice(const ConfigKey& key, std::string_view written) {
  bool offered = false;
  for_each_choice(key.choices, [&](std::string_view choice) { offered |= choice == written; });
  if (offered) return ConfigValue{.number = 0, .text = std::string(written)};
  return Status::invalid(
      fmt::format("'{}' is not a choice; write {}", written, accepted_values(key)));
}

Result<ConfigValue> parse_text(const ConfigKey& key, std::string_view written) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(written, is_control)) {
    return Status::invalid("the value has control characters in it; remove them");
  }
  if (!key.form->matches(written)) {
    return Status::invalid(fmt::format("'{}' will not do; write {}", written, key.form->words));
  }
  return ConfigValue{.number = 0, .text = std::string(written)};
}

// "debug, info, warning or error"
std::string listed(std::string_view choices) {
  std::string list;
  for_each_choice(choices, [&](std::string_view choice) {
    const bool last = choice.end() == choices.end();
    if (!list.empty()) list += last ? " or " : ", ";
    list += choice;
  });
  return list;
}

std::string readers(const ConfigKey& key) {
  std::string list;
  const auto add = [&](Program program, std::string_view name) {
    if (!key.read_by(program)) return;
    if (!list.empty()) list += ", ";
    list += name;
  };
  add(Program::kRouter, "router");
  add(Program::kServer, "server");
  add(Program::kAdmin, "admin");
  return list;
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kInteger:
      return "Number, ";
    case Type::kBytes:
      return "Size, ";
    case Type::kDuration:
      return "Duration, ";
    case Type::kChoice:
      return "One of ";
    case Type::kText:
      return "Text: ";
  }
  check_failed(__FILE__, __LINE__, "type", "not a type of configuration key");
}

}  // namespace

Result<ConfigValue> parse_config_value(const ConfigKey& key, std::string_view written) {
  if (key.type == Type::kText) return parse_text(key, written);
  if (key.type == Type::kChoice) return parse_choice(key, written);
  return parse_numeric(key, written);
}

std::string accepted_values(const ConfigKey& key) {
  if (key.type == Type::kText) return std::string(key.form->words);
  if (key.type == Type::kChoice) return listed(key.choices);
  const auto units = units_of(key.type);
  return fmt::format("{} to {}", written_with(key.min, units), written_with(key.max, units));
}

std::string describe(const ConfigKey& key) {
  const std::string_view initial = key.initial.empty() ? "\"\"" : key.initial;
  return fmt::format("{}{}; default {}. Read by: {}.", type_name(key.type), accepted_values(key),
                     initial, readers(key));
}

std::string written_bytes(int64_t bytes) {
  return written_with(bytes, kByteUnits);
}

std::string written_duration(Millis duration) {
  return written_with(duration.count(), kTimeUnits);
}

}  // namespace doris

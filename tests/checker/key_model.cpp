#include "tests/checker/key_model.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <map>

#include "base/check.h"

namespace doris::checker {
namespace {

std::string bulk(const KeyState& state) {
  return state ? "$" + *state : "nil";
}

std::string number(int64_t value) {
  return fmt::format(":{}", value);
}

Outcome set(const KeyState& state, const Words& command) {
  const std::string condition = command.size() > 3 ? command[3] : "";
  const bool refused = (condition == "NX" && state) || (condition == "XX" && !state);
  if (refused) return {state, "nil"};
  return {command[2], "+OK"};
}

Outcome set_if_absent(const KeyState& state, const Words& command) {
  if (state) return {state, number(0)};
  return {command[2], number(1)};
}

Outcome increment(const KeyState& state, const Words&) {
  const std::string held = state.value_or("0");
  int64_t value = 0;
  const auto [end, error] = std::from_chars(held.data(), held.data() + held.size(), value);
  if (error != std::errc() || end != held.data() + held.size())
    return {state, "-ERR value is not an integer or out of range"};
  return {fmt::to_string(value + 1), number(value + 1)};
}

Outcome append(const KeyState& state, const Words& command) {
  const std::string value = state.value_or("") + command[2];
  return {value, number(static_cast<int64_t>(value.size()))};
}

struct Rule {
  bool writes;
  std::function<Outcome(const KeyState& state, const Words& command)> outcome;
};

const std::map<std::string, Rule>& rules() {
  static const std::map<std::string, Rule> table{
      {"GET",
       {false,
        [](const auto& state, const auto&) {
          return Outcome{state, bulk(state)};
        }}},
      {"EXISTS",
       {false,
        [](const auto& state, const auto&) {
          return Outcome{state, number(state ? 1 : 0)};
        }}},
      {"SET", {true, set}},
      {"SETNX", {true, set_if_absent}},
      {"DEL",
       {true,
        [](const auto& state, const auto&) {
          return Outcome{{}, number(state ? 1 : 0)};
        }}},
      {"GETDEL",
       {true,
        [](const auto& state, const auto&) {
          return Outcome{{}, bulk(state)};
        }}},
      {"GETSET",
       {true,
        [](const auto& state, const auto& command) {
          return Outcome{command[2], bulk(state)};
        }}},
      {"INCR", {true, increment}},
      {"APPEND", {true, append}},
  };
  return table;
}

const Rule& rule_of(const Words& command) {
  const auto found = rules().find(command.front());
  DORIS_CHECK(found != rules().end(), "the model knows " + command.front());
  return found->second;
}

}  // namespace

Outcome outcome_of(const KeyState& state, const Words& command) {
  return rule_of(command).outcome(state, command);
}

bool is_write(const Words& command) {
  return rule_of(command).writes;
}

std::string text_of(const resp::Value& reply) {
  switch (reply.kind) {
    case resp::Value::Kind::kNull:
      return "nil";
    case resp::Value::Kind::kSimple:
      return "+" + reply.text;
    case resp::Value::Kind::kError:
      return "-" + reply.text;
    case resp::Value::Kind::kInteger:
      return number(reply.integer);
    default:
      return "$" + reply.text;
  }
}

}  // namespace doris::checker

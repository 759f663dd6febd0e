#include "tests/checker/workload.h"

#include <fmt/format.h>

#include <array>

namespace doris::checker {
namespace {

// Every so often a command of each, weighted by how often it stands here.
constexpr std::array kBlindNames{"GET", "GET", "GET", "SET", "SET", "SET", "DEL", "EXISTS"};
constexpr std::array kAtomicNames{"GET",   "GET",    "SET",    "DEL",    "APPEND",
                                  "SETNX", "GETSET", "GETDEL", "SET NX", "SET XX"};
constexpr std::array kCountingNames{"GET", "INCR", "INCR", "INCR", "DEL"};

template <size_t kCount>
std::string one_of(const std::array<const char*, kCount>& names, Random& random) {
  return names[random.below(kCount)];
}

std::string one_of(Mix mix, Random& random) {
  switch (mix) {
    case Mix::kBlind:
      return one_of(kBlindNames, random);
    case Mix::kAtomic:
      return one_of(kAtomicNames, random);
    case Mix::kCounting:
      return one_of(kCountingNames, random);
    case Mix::kIncrements:
      return "INCR";
  }
  return "";
}

}  // namespace

Words Workload::command(Mix mix, const std::string& key, Random& random) {
  const std::string name = one_of(mix, random);
  Words command{name.substr(0, name.find(' ')), key};
  if (name.starts_with("SET") || name == "GETSET" || name == "APPEND")
    command.push_back(fmt::format("{}.{}", client_, next_value_++));
  if (name.find(' ') != std::string::npos) command.push_back(name.substr(name.find(' ') + 1));
  return command;
}

}  // namespace doris::checker

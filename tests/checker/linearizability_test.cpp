#include "tests/checker/linearizability.h"

#include <catch2/catch.hpp>

namespace doris::checker {
namespace {

// A history, written down operation by operation. Times are microseconds.
class Story {
 public:
  Story& told(int from, int until, Words command, std::string reply) {
    history_.push_back(
        {next_client_++, std::move(command), Micros{from}, Micros{until}, std::move(reply)});
    return *this;
  }
  Story& unknown(int from, Words command) {
    history_.push_back({next_client_++, std::move(command), Micros{from}, std::nullopt, ""});
    return *this;
  }
  [[nodiscard]] Verdict verdict() const {
    INFO(describe(history_));
    return check_linearizable(history_);
  }

 private:
  History history_;
  uint32_t next_client_ = 1;
};

const Words kGet{"GET", "k"};
const Words kDel{"DEL", "k"};
const Words kIncr{"INCR", "k"};

Words set(const std::string& value) {
  return {"SET", "k", value};
}

TEST_CASE("operations one after the other are linearizable if the replies are right") {
  Story story;
  story.told(1, 2, kGet, "nil").told(3, 4, set("a"), "+OK").told(5, 6, kGet, "$a");
  story.told(7, 8, {"EXISTS", "k"}, ":1").told(9, 10, kDel, ":1").told(11, 12, kDel, ":0");
  CHECK(story.verdict() == Verdict::kLinearizable);
}

TEST_CASE("what a client has pipelined takes effect in its order") {
  const Operation first{1, kDel, Micros{1}, Micros{9}, ":1"};
  const Operation second{1, set("b"), Micros{1}, Micros{9}, "+OK", true};
  const auto verdict = [&](const Operation& one, const Operation& other, const std::string& found) {
    return check_linearizable({{2, set("a"), Micros{0}, Micros{1}, "+OK"},
                               one,
                               other,
                               {2, kGet, Micros{10}, Micros{11}, found}});
  };
  CHECK(verdict(first, second, "$b") == Verdict::kLinearizable);
  CHECK(verdict(first, second, "nil") == Verdict::kViolation);
  Operation alone = second;
  alone.pipelined = false;
  CHECK(verdict(first, alone, "nil") == Verdict::kLinearizable);
  Operation unknown = first;
  unknown.returned.reset();
  CHECK(verdict(unknown, second, "nil") == Verdict::kLinearizable);
}

TEST_CASE("a read during a write may see it or not") {
  CHECK(Story().told(1, 9, set("a"), "+OK").told(2, 3, kGet, "nil").verdict() ==
        Verdict::kLinearizable);
  CHECK(Story().told(1, 9, set("a"), "+OK").told(2, 3, kGet, "$a").verdict() ==
        Verdict::kLinearizable);
}

TEST_CASE("a read that was seen may not be unseen") {
  Story story;
  story.told(1, 9, set("a"), "+OK").told(2, 3, kGet, "$a").told(4, 5, kGet, "nil");
  CHECK(story.verdict() == Verdict::kViolation);
}

TEST_CASE("a stale read is a violation") {
  Story story;
  story.told(1, 2, set("a"), "+OK").told(3, 4, set("b"), "+OK").told(5, 6, kGet, "$a");
  CHECK(story.verdict() == Verdict::kViolation);
}

TEST_CASE("a lost write is a violation") {
  CHECK(Story().told(1, 2, set("a"), "+OK").told(3, 4, kGet, "nil").verdict() ==
        Verdict::kViolation);
}

TEST_CASE("a value that nobody wrote is a violation") {
  CHECK(Story().told(1, 9, set("a"), "+OK").told(2, 3, kGet, "$b").verdict() ==
        Verdict::kViolation);
}

TEST_CASE("a deleted key that comes back is a violation") {
  Story story;
  story.told(1, 2, set("a"), "+OK").told(3, 4, kDel, ":1").told(5, 6, kGet, "$a");
  CHECK(story.verdict() == Verdict::kViolation);
}

TEST_CASE("writes that overlap may take effect in either order, the same for all readers") {
  Story same;
  same.told(1, 9, set("a"), "+OK").told(1, 9, set("b"), "+OK");
  same.told(10, 11, kGet, "$a").told(12, 13, kGet, "$a");
  CHECK(same.verdict() == Verdict::kLinearizable);
  Story different;
  different.told(1, 9, set("a"), "+OK").told(1, 9, set("b"), "+OK");
  different.told(10, 11, kGet, "$a").told(12, 13, kGet, "$b");
  CHECK(different.verdict() == Verdict::kViolation);
}

TEST_CASE("a write without a reply may take effect at any time, once, or never") {
  CHECK(Story().unknown(1, set("a")).told(5, 6, kGet, "nil").verdict() == Verdict::kLinearizable);
  CHECK(Story().unknown(1, set("a")).told(5, 6, kGet, "nil").told(100, 101, kGet, "$a").verdict() ==
        Verdict::kLinearizable);
  Story twice;
  twice.unknown(1, set("a")).told(5, 6, kGet, "$a").told(7, 8, set("b"), "+OK");
  twice.told(9, 10, kGet, "$b").told(11, 12, kGet, "$a");
  CHECK(twice.verdict() == Verdict::kViolation);
}

TEST_CASE("a write without a reply does not take effect before it was asked for") {
  CHECK(Story().told(1, 2, kGet, "$a").unknown(3, set("a")).verdict() == Verdict::kViolation);
}

TEST_CASE("a read without a reply says nothing") {
  CHECK(Story().unknown(1, kGet).told(2, 3, set("a"), "+OK").verdict() == Verdict::kLinearizable);
}

TEST_CASE("each INCR counts once") {
  CHECK(Story().told(1, 9, kIncr, ":1").told(1, 9, kIncr, ":2").verdict() ==
        Verdict::kLinearizable);
  CHECK(Story().told(1, 9, kIncr, ":1").told(1, 9, kIncr, ":1").verdict() == Verdict::kViolation);
  CHECK(Story().told(1, 2, kIncr, ":1").told(3, 4, kGet, "$2").verdict() == Verdict::kViolation);
  CHECK(Story().unknown(1, kIncr).told(2, 3, kIncr, ":2").verdict() == Verdict::kLinearizable);
  CHECK(Story().unknown(1, kIncr).told(2, 3, kIncr, ":3").verdict() == Verdict::kViolation);
}

TEST_CASE("each APPEND is in the value once, in one order") {
  const Words a{"APPEND", "k", "a"};
  const Words b{"APPEND", "k", "b"};
  CHECK(Story().told(1, 9, a, ":1").told(1, 9, b, ":2").told(10, 11, kGet, "$ab").verdict() ==
        Verdict::kLinearizable);
  CHECK(Story().told(1, 9, a, ":1").told(1, 9, b, ":2").told(10, 11, kGet, "$ba").verdict() ==
        Verdict::kViolation);
  CHECK(Story().told(1, 2, a, ":1").told(10, 11, kGet, "$aa").verdict() == Verdict::kViolation);
}

TEST_CASE("one of several SETNX, SET NX and SET XX wins") {
  Story one;
  one.told(1, 9, {"SETNX", "k", "a"}, ":1").told(1, 9, {"SET", "k", "b", "NX"}, "nil");
  CHECK(one.verdict() == Verdict::kLinearizable);
  Story two;
  two.told(1, 9, {"SETNX", "k", "a"}, ":1").told(1, 9, {"SET", "k", "b", "NX"}, "+OK");
  CHECK(two.verdict() == Verdict::kViolation);
  CHECK(Story().told(1, 2, {"SET", "k", "a", "XX"}, "+OK").verdict() == Verdict::kViolation);
}

TEST_CASE("GETSET and GETDEL answer what they replace") {
  Story right;
  right.told(1, 2, {"GETSET", "k", "a"}, "nil").told(3, 4, {"GETSET", "k", "b"}, "$a");
  right.told(5, 6, {"GETDEL", "k"}, "$b").told(7, 8, kGet, "nil");
  CHECK(right.verdict() == Verdict::kLinearizable);
  Story twice;
  twice.told(1, 2, set("a"), "+OK").told(3, 9, {"GETDEL", "k"}, "$a");
  twice.told(3, 9, {"GETDEL", "k"}, "$a");
  CHECK(twice.verdict() == Verdict::kViolation);
}

TEST_CASE("a violation is shown up to the first reply that cannot be") {
  History history;
  history.push_back({1, set("a"), Micros{1}, Micros{2}, "+OK"});
  history.push_back({2, set("b"), Micros{3}, Micros{9}, "+OK"});
  CHECK(shortest_violation(history).empty());
  history.push_back({1, kGet, Micros{4}, Micros{5}, "nil"});
  history.push_back({1, kGet, Micros{20}, Micros{21}, "$b"});
  const History shown = shortest_violation(history);
  REQUIRE(shown.size() == 3);
  CHECK(shown[1].returned == std::nullopt);  // It was under way.
  CHECK(shown[2].reply == "nil");
}

TEST_CASE("a search past its bound is not decided") {
  History history;
  for (uint32_t i = 0; i < 20; ++i)
    history.push_back({i, set(std::to_string(i)), Micros{1}, Micros{9}, "+OK"});
  history.push_back({20, kGet, Micros{10}, Micros{11}, "$nobody's"});
  CHECK(check_linearizable(history, 1000) == Verdict::kUndecided);
}

TEST_CASE("a long history of a few clients is decided within its bound") {
  History history;
  for (int i = 0; i < 2000; ++i) {
    const auto client = static_cast<uint32_t>(i % 4);
    history.push_back({client, set(std::to_string(i)), Micros{i * 10}, Micros{i * 10 + 35}, "+OK"});
  }
  CHECK(check_linearizable(history, 100'000) == Verdict::kLinearizable);
  history.push_back({9, kGet, Micros{30'000}, Micros{30'001}, "$0"});
  CHECK(check_linearizable(history, 1'000'000) == Verdict::kViolation);
}

}  // namespace
}  // namespace doris::checker

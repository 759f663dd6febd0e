// What Berkeley DB prints, in the log and in errors.
#include "base/bdb/messages.h"

#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/base/captured_output.h"

namespace doris::bdb {
namespace {

class Printer {
 public:
  // The lines of the log that `lines`, printed now, have made, without their times.
  std::string log_of(const std::vector<std::string>& lines) {
    CapturedOutput printed(STDERR_FILENO);
    for (const std::string& line : lines)
      messages.add(line, "dir", now);
    std::string seen;
    std::string all = printed.text();
    for (size_t end = 0; (end = all.find('\n')) != std::string::npos; all.erase(0, end + 1)) {
      const size_t start = all.find("dir: ");
      seen += all.substr(start + 5, end - start - 5) + ";";
    }
    return seen;
  }

  Messages messages;
  Messages::TimePoint now{std::chrono::hours(1)};
};

TEST_CASE("a line that Berkeley DB repeats is logged once in ten seconds") {
  Printer printer;
  CHECK(printer.log_of({"BDB1 bad", "BDB1 bad", "BDB2 worse", "BDB1 bad"}) ==
        "BDB1 bad;BDB2 worse;");
  printer.now += std::chrono::milliseconds(9999);
  CHECK(printer.log_of({"BDB1 bad"}) == "");
  printer.now += std::chrono::milliseconds(1);
  CHECK(printer.log_of({"BDB1 bad", "BDB1 bad"}) == "BDB1 bad;");
}

TEST_CASE("ten different lines are logged in ten seconds, and then how many were not") {
  Printer printer;
  std::vector<std::string> lines;
  std::string ten;
  for (int i = 0; i < 13; ++i) {
    lines.push_back(fmt::format("page {}", i));
    if (i < 10) ten += lines.back() + ";";
  }
  CHECK(printer.log_of(lines) == ten);
  printer.now += std::chrono::seconds(10);
  CHECK(printer.log_of({"again"}) == "3 more lines were not logged;again;");
  printer.now += std::chrono::seconds(10);
  CHECK(printer.log_of({"again"}) == "again;");
}

TEST_CASE("an error has each line once, and those only that came since the last one") {
  Printer printer;
  printer.log_of({"page 12", "page 1", "page 12"});
  CHECK(printer.messages.take() == "page 12; page 1");
  CHECK(printer.messages.take() == "");
  printer.log_of({"a"});
  CHECK(printer.messages.take() == "a");
}

}  // namespace
}  // namespace doris::bdb

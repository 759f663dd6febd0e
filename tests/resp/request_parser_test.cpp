#include "resp/request_parser.h"

#include <catch2/catch.hpp>

#include "tests/resp/pieces.h"
#include "tests/resp/random_resp.h"

namespace doris::resp {
namespace {

constexpr RequestLimits kLimits{
    .bulk_bytes_max = 1024, .args_max = 100, .inline_bytes_max = 64 * 1024};

Outcome<Command> parse(std::string_view stream) {
  return parse_requests(stream, {}, kLimits);
}

std::vector<Command> commands(std::string_view stream) {
  const Outcome<Command> outcome = parse(stream);
  CHECK(outcome.error.empty());
  CHECK(outcome.left == 0);
  return outcome.items;
}

std::string error(std::string_view stream) {
  return parse(stream).error;
}

using Commands = std::vector<Command>;

TEST_CASE("a multibulk command is its arguments") {
  CHECK(commands("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n") == Commands{{"GET", "k"}});
}

TEST_CASE("a pipeline is its commands in order") {
  CHECK(commands("*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$0\r\n\r\nPING\r\n") ==
        Commands{{"PING"}, {"ECHO", ""}, {"PING"}});
}

TEST_CASE("arguments may hold any byte") {
  const std::string bytes("\r\n\0$*\xFF", 6);
  CHECK(commands("*1\r\n$6\r\n" + bytes + "\r\n") == Commands{{bytes}});
}

TEST_CASE("an empty command has no arguments, and the next one follows") {
  CHECK(commands("*0\r\n*-1\r\n\r\n\nPING\r\n") == Commands{{}, {}, {}, {}, {"PING"}});
}

TEST_CASE("the two bytes behind an argument are not looked at, as in Redis") {
  CHECK(commands("*1\r\n$4\r\nPINGxx") == Commands{{"PING"}});
}

// ---- Inline ----

TEST_CASE("an inline command is cut at spaces and ends with LF or CRLF") {
  CHECK(commands("  SET\tk  v \r\nGET k\n") == Commands{{"SET", "k", "v"}, {"GET", "k"}});
}

TEST_CASE("inline arguments are unquoted as Redis does it") {
  CHECK(commands("ECHO \"a\\x41\\n\\q\\\"\"\r\n") == Commands{{"ECHO", "aA\nq\""}});
  CHECK(commands("ECHO 'a\\'b\\n'\r\n") == Commands{{"ECHO", "a'b\\n"}});
  CHECK(commands("ECHO \"\" ''\r\n") == Commands{{"ECHO", "", ""}});
  CHECK(commands("ECHO a\"b c\"\r\n") == Commands{{"ECHO", "ab c"}});
  CHECK(commands("ECHO \"\\x4\" \"\\xzz\"\r\n") == Commands{{"ECHO", "x4", "xzz"}});
  CHECK(commands("ECHO a\vb\r\n") == Commands{{"ECHO", "a\vb"}});
}

TEST_CASE("a quote that is not closed, or closed inside an argument, is refused") {
  const std::string refusal = "ERR Protocol error: unbalanced quotes in request";
  CHECK(error("PING \"a\r\n") == refusal);
  CHECK(error("PING 'a\r\n") == refusal);
  CHECK(error("PING \"a\\\"\r\n") == refusal);
  CHECK(error("PING \"a\"b\r\n") == refusal);
}

// ---- Refusals, in Redis's words ----

TEST_CASE("malformed headers are refused in Redis's words") {
  const std::string count = "ERR Protocol error: invalid multibulk length";
  const std::string length = "ERR Protocol error: invalid bulk length";
  CHECK(error("*x\r\n") == count);
  CHECK(error("*\r\n") == count);
  CHECK(error("*01\r\n") == count);
  CHECK(error("*+1\r\n") == count);
  CHECK(error("*99999999999999999999\r\n") == count);
  CHECK(error("*1\r\n$-1\r\n") == length);
  CHECK(error("*1\r\n$\r\n") == length);
  CHECK(error("*1\r\n$01\r\n") == length);
  CHECK(error("*1\r\n$1x\r\n") == length);
  CHECK(error("*1\r\n$18446744073709551615\r\n") == length);
  CHECK(error("*1\r\nx3\r\n") == "ERR Protocol error: expected '$', got 'x'");
  CHECK(error("*1\r\nx") == "ERR Protocol error: expected '$', got 'x'");
}

TEST_CASE("limits are met exactly") {
  const auto bulk = [](size_t size) {
    return "*1\r\n$" + std::to_string(size) + "\r\n" + std::string(size, 'x') + "\r\n";
  };
  CHECK(commands(bulk(kLimits.bulk_bytes_max)).size() == 1);
  CHECK(error(bulk(kLimits.bulk_bytes_max + 1)) == "ERR Protocol error: invalid bulk length");
  CHECK(error("*100\r\n").empty());
  CHECK(error("*101\r\n") == "ERR Protocol error: invalid multibulk length");
  CHECK(commands(std::string(kLimits.inline_bytes_max, 'p') + "\n").size() == 1);
  CHECK(error(std::string(kLimits.inline_bytes_max + 1, 'p')) ==
        "ERR Protocol error: too big inline request");
  const std::string digits(64 * 1024 + 1, '1');
  CHECK(error("*" + digits) == "ERR Protocol error: too big mbulk count string");
  CHECK(error("*1\r\n$" + digits) == "ERR Protocol error: too big bulk count string");
}

// ---- The parser itself ----

TEST_CASE("an error stays until reset") {
  RequestParser parser(kLimits);
  CHECK(parser.parse("*x\r\n") == Parsed::kError);
  CHECK(parser.parse("*1\r\n$4\r\nPING\r\n") == Parsed::kError);
  parser.reset();
  CHECK(parser.parse("*1\r\n$4\r\nPING\r\n") == Parsed::kCommand);
}

TEST_CASE("reset forgets a command that was cut") {
  RequestParser parser(kLimits);
  CHECK(parser.parse("*2\r\n$3\r\nGET\r\n") == Parsed::kNeedMore);
  parser.reset();
  REQUIRE(parser.parse("PING\r\n") == Parsed::kCommand);
  CHECK(parser.args().size() == 1);
}

TEST_CASE("wanted tells how many bytes a bulk needs") {
  RequestParser parser(kLimits);
  const std::string_view front = "*2\r\n$3\r\nGET\r\n$1000\r\nxyz";
  CHECK(parser.parse(front) == Parsed::kNeedMore);
  CHECK(parser.wanted() == front.size() - 3 + 1000 + 2);
}

TEST_CASE("arguments are views into the bytes given") {
  RequestParser parser(kLimits);
  const std::string bytes = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
  REQUIRE(parser.parse(bytes) == Parsed::kCommand);
  CHECK(parser.args()[0].data() == bytes.data() + 8);
  CHECK(parser.consumed() == bytes.size());
}

TEST_CASE("release keeps a command that was cut") {
  const std::string bytes = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    RequestParser parser(kLimits);
    REQUIRE(parser.parse(std::string_view(bytes).substr(0, cut)) == Parsed::kNeedMore);
    parser.release();
    REQUIRE(parser.parse(bytes) == Parsed::kCommand);
    CHECK(item_of(parser) == Command{"GET", "k"});
  }
}

}  // namespace
}  // namespace doris::resp

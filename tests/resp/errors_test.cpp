// The texts expected here are those of redis-server 7.0.15.
#include "resp/errors.h"

#include <catch2/catch.hpp>
#include <vector>

namespace doris::resp {
namespace {

std::string unknown(std::vector<std::string_view> args) {
  return unknown_command(args);
}

TEST_CASE("an unknown command is quoted with its arguments") {
  CHECK(unknown({"foo"}) == "ERR unknown command 'foo', with args beginning with: ");
  CHECK(unknown({"FOO", "a", "b"}) ==
        "ERR unknown command 'FOO', with args beginning with: 'a' 'b' ");
}

TEST_CASE("of a long unknown command and its arguments the beginnings are quoted") {
  const std::string x(200, 'x');
  const std::string y(100, 'y');
  const std::string z(100, 'z');
  CHECK(unknown({x, y, z, "w"}) == "ERR unknown command '" + x.substr(0, 128) +
                                       "', with args beginning with: '" + y + "' '" +
                                       z.substr(0, 25) + "' ");
}

TEST_CASE("an argument is quoted up to its first zero byte") {
  CHECK(unknown({"foo", std::string_view("a\0c", 3), "d"}) ==
        "ERR unknown command 'foo', with args beginning with: 'a' 'd' ");
}

TEST_CASE("an unknown subcommand points to the help") {
  CHECK(unknown_subcommand("client", "nope") == "ERR unknown subcommand 'nope'. Try CLIENT HELP.");
  CHECK(unknown_subcommand("CLIENT", std::string(150, 'x')) ==
        "ERR unknown subcommand '" + std::string(128, 'x') + "'. Try CLIENT HELP.");
}

TEST_CASE("a wrong number of arguments names the command") {
  CHECK(wrong_arity("get") == "ERR wrong number of arguments for 'get' command");
}

}  // namespace
}  // namespace doris::resp

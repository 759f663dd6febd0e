#include "base/spelling.h"

#include <catch2/catch.hpp>

namespace doris {
namespace {

const std::vector<std::string_view> kNames = {"request-timeout", "router-port", "vnodes", "bind"};

}  // namespace

TEST_CASE("The nearest spelling mends a dropped, extra, wrong or swapped letter") {
  REQUIRE(nearest_spelling("request-timout", kNames) == "request-timeout");
  REQUIRE(nearest_spelling("routter-port", kNames) == "router-port");
  REQUIRE(nearest_spelling("vmodes", kNames) == "vnodes");
  REQUIRE(nearest_spelling("bnid", kNames) == "bind");
  REQUIRE(nearest_spelling("bind", kNames) == "bind");
}

TEST_CASE("No spelling is near a word that resembles none") {
  REQUIRE(nearest_spelling("password", kNames).empty());
  REQUIRE(nearest_spelling("x", kNames).empty());
  REQUIRE(nearest_spelling("", kNames).empty());
  REQUIRE(nearest_spelling(std::string(100000, 'v'), kNames).empty());
  REQUIRE(nearest_spelling("bind", {}).empty());
}

TEST_CASE("Capitals are no mistake that counts") {
  REQUIRE(nearest_spelling("BIND", kNames) == "bind");
  REQUIRE(nearest_spelling("Request-Timout", kNames) == "request-timeout");
}

TEST_CASE("A suggestion is phrased only when there is one") {
  REQUIRE(did_you_mean("vnode", kNames) == "; did you mean 'vnodes'?");
  REQUIRE(did_you_mean("vnode", kNames, "--") == "; did you mean '--vnodes'?");
  REQUIRE(did_you_mean("password", kNames).empty());
  REQUIRE(did_you_mean("", kNames).empty());
}

TEST_CASE("The end of a name is short for each name that ends so") {
  REQUIRE(did_you_mean("port", kNames) == "; did you mean 'router-port'?");
  REQUIRE(did_you_mean("port", {"a-port", "port-a", "b-port"}) ==
          "; did you mean 'a-port' or 'b-port'?");
  REQUIRE(did_you_mean("PORT", {"a-port", "b-port", "c-port"}, "--") ==
          "; did you mean '--a-port', '--b-port' or '--c-port'?");
  REQUIRE(did_you_mean("ort", kNames).empty());
}

}  // namespace doris

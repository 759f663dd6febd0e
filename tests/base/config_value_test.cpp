#include "base/config_value.h"

#include <catch2/catch.hpp>

namespace doris {
namespace {

using Type = ConfigKey::Type;

ConfigKey key_of(Type type, int64_t min, int64_t max) {
  return {.name = "key",
          .programs = static_cast<uint8_t>(Program::kRouter),
          .type = type,
          .initial = "1",
          .min = min,
          .max = max};
}

constexpr int64_t kHuge = int64_t{1} << 62;
const ConfigKey kSize = key_of(Type::kBytes, 0, kHuge);
const ConfigKey kDuration = key_of(Type::kDuration, 0, kHuge);
const ConfigKey kCount = key_of(Type::kInteger, -5, 100);

int64_t number(const ConfigKey& key, std::string_view written) {
  INFO(written);
  const Result<ConfigValue> value = parse_config_value(key, written);
  REQUIRE(value.ok());
  return value->number;
}

std::string error(const ConfigKey& key, std::string_view written) {
  INFO(written);
  const Result<ConfigValue> value = parse_config_value(key, written);
  REQUIRE_FALSE(value.ok());
  REQUIRE(value.code() == Code::kInvalid);
  return value.status().message();
}

}  // namespace

TEST_CASE("Sizes are counted in bytes, by units of 1024") {
  REQUIRE(number(kSize, "17") == 17);
  REQUIRE(number(kSize, "17b") == 17);
  REQUIRE(number(kSize, "1kb") == 1024);
  REQUIRE(number(kSize, "64mb") == 64 * 1024 * 1024);
  REQUIRE(number(kSize, "3gb") == 3LL * 1024 * 1024 * 1024);
  REQUIRE(number(kSize, "2KB") == 2048);
}

TEST_CASE("Durations are counted in milliseconds") {
  REQUIRE(number(kDuration, "250") == 250);
  REQUIRE(number(kDuration, "250ms") == 250);
  REQUIRE(number(kDuration, "5s") == 5000);
  REQUIRE(number(kDuration, "2m") == 120000);
  REQUIRE(number(kDuration, "2h") == 7200000);
}

TEST_CASE("What is not a whole number with a unit of its kind is refused") {
  for (const std::string_view wrong : {"", "mb", "1.5mb", "1 mb", " 1mb", "1mb ", "+1", "1s", "1tb",
                                       "0x10", "one", "-", "1mbb", "\xff"}) {
    REQUIRE_THAT(error(kSize, wrong), Catch::Contains("is not a size"));
  }
  for (const std::string_view wrong : {"", "s", "1.5s", "1d", "1kb", "5 s"}) {
    REQUIRE_THAT(error(kDuration, wrong), Catch::Contains("is not a duration"));
  }
  for (const std::string_view wrong : {"", "1b", "7x", "1.0", "--1"}) {
    REQUIRE_THAT(error(kCount, wrong), Catch::Contains("is not a whole number"));
  }
}

TEST_CASE("A range includes its ends and nothing beyond") {
  REQUIRE(number(kCount, "-5") == -5);
  REQUIRE(number(kCount, "100") == 100);
  REQUIRE(error(kCount, "-6") == "-6 is out of range; write -5 to 100");
  REQUIRE(error(kCount, "101") == "101 is out of range; write -5 to 100");
}

TEST_CASE("A number too large for 64 bits is out of range, with and without a unit") {
  REQUIRE_THAT(error(kSize, "99999999999999999999"), Catch::Contains("out of range"));
  REQUIRE_THAT(error(kSize, "-99999999999999999999"), Catch::Contains("out of range"));
  REQUIRE_THAT(error(kSize, "9223372036854775807gb"), Catch::Contains("out of range"));
  REQUIRE_THAT(error(kSize, "-9223372036854775807gb"), Catch::Contains("out of range"));
  REQUIRE_THAT(error(kSize, "99999999999999999999tb"), Catch::Contains("is not a size"));
}

TEST_CASE("The error for a number says what may be written") {
  const ConfigKey bulk = key_of(Type::kBytes, 1024, 512 << 20);
  REQUIRE(error(bulk, "much") ==
          "'much' is not a size (a whole number and b, kb, mb or gb); write 1kb to 512mb");
  REQUIRE(error(bulk, "1gb") == "1gb is out of range; write 1kb to 512mb");
}

TEST_CASE("A choice is one of its words, letter by letter") {
  ConfigKey sync = key_of(Type::kChoice, 0, 0);
  sync.choices = "always|everysec|no";
  for (const std::string_view word : {"always", "everysec", "no"}) {
    REQUIRE(parse_config_value(sync, word)->text == word);
  }
  for (const std::string_view wrong : {"", "n", "Always", "always|everysec", "everyse", "no|"}) {
    REQUIRE(error(sync, wrong) ==
            "'" + std::string(wrong) + "' is not a choice; write always, everysec or no");
  }
}

TEST_CASE("No text has control characters in it") {
  const ConfigKey* const file = find_config_key("log-file");
  REQUIRE(file != nullptr);
  REQUIRE(parse_config_value(*file, "/var/log/größe 1.log").ok());
  REQUIRE_THAT(error(*file, "a\tb"), Catch::Contains("control characters"));
  REQUIRE_THAT(error(*file, std::string_view("a\0b", 3)), Catch::Contains("control characters"));
}

TEST_CASE("A node's name is a word that fits into commands and topologies") {
  const ConfigKey* const name = find_config_key("node-name");
  REQUIRE(name != nullptr);
  for (const auto& right :
       {std::string("a1"), std::string("Rack_7.node-2"), std::string(64, 'x')}) {
    REQUIRE(parse_config_value(*name, right).ok());
  }
  for (const auto& wrong : {std::string("a 1"), std::string("a/1"), std::string("\xc3\xa4"),
                            std::string("a:1"), std::string(65, 'x')}) {
    REQUIRE_THAT(error(*name, wrong), Catch::Contains("A-Z a-z 0-9"));
  }
}

TEST_CASE("The admin's address has a host and a port") {
  const ConfigKey* const admin = find_config_key("admin");
  REQUIRE(admin != nullptr);
  for (const std::string_view right :
       {"127.0.0.1:6400", "localhost:1", "[::1]:65535", "[2001:db8::7]:6400"}) {
    INFO(right);
    REQUIRE(parse_config_value(*admin, right).ok());
  }
  for (const std::string_view wrong :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "::1:6400", "[::1]",
        "[127.0.0.1]:6400", "[]:1", "[:6400", ":6400", "admin.example:6400", "1.2.3:6400",
        "127.0.0.1:64x"}) {
    REQUIRE_THAT(error(*admin, wrong), Catch::Contains("an address and a port"));
  }
}

TEST_CASE("A bind address is a literal or localhost, and only announce-host may be empty") {
  const ConfigKey* const bind = find_config_key("bind");
  const ConfigKey* const announce = find_config_key("announce-host");
  REQUIRE((bind != nullptr && announce != nullptr));
  for (const std::string_view right : {"0.0.0.0", "::", "::1", "10.1.2.3", "localhost"}) {
    REQUIRE(parse_config_value(*bind, right).ok());
    REQUIRE(parse_config_value(*announce, right).ok());
  }
  for (const std::string_view wrong : {"10.1.2", "[::1]", "somewhere", "127.0.0.1:80"}) {
    REQUIRE_THAT(error(*bind, wrong), Catch::Contains("an IPv4 or IPv6 address"));
    REQUIRE_THAT(error(*announce, wrong), Catch::Contains("an IPv4 or IPv6 address"));
  }
  REQUIRE_FALSE(parse_config_value(*bind, "").ok());
  REQUIRE(parse_config_value(*announce, "").ok());
}

TEST_CASE("Numbers are written in the largest unit that needs no fraction") {
  REQUIRE(written_bytes(0) == "0");
  REQUIRE(written_bytes(1023) == "1023b");
  REQUIRE(written_bytes(64 << 20) == "64mb");
  REQUIRE(written_bytes(1536) == "1536b");
  REQUIRE(written_bytes(4096LL << 30) == "4096gb");
  REQUIRE(written_duration(Millis{1500}) == "1500ms");
  REQUIRE(written_duration(Millis{90000}) == "90s");
  REQUIRE(written_duration(Millis{7200000}) == "2h");
}

}  // namespace doris

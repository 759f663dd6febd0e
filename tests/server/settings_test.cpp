#include "server/settings.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace doris::server {
namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

Result<Settings> settings_of(const Values& values) {
  Config config;
  for (const auto& [key, value] : values)
    REQUIRE(config.set(key, value, "test").ok());
  return Settings::from(config);
}

Settings sound_settings_of(Values values) {
  values.emplace_back("node-name", "a1");
  Result<Settings> settings = settings_of(values);
  REQUIRE(settings.ok());
  return *std::move(settings);
}

TEST_CASE("a data server without a name is told how to get one") {
  const Result<Settings> settings = settings_of({});
  CHECK(settings.code() == Code::kInvalid);
  CHECK_THAT(settings.status().message(), Catch::Contains("--node-name a1"));
}

TEST_CASE("a node is announced by the host it listens on, unless it has another for others") {
  CHECK(sound_settings_of({{"bind", "10.0.0.7"}}).announced_host == "10.0.0.7");
  const Settings settings = sound_settings_of({{"bind", "0.0.0.0"}, {"announce-host", "10.0.0.8"}});
  CHECK(settings.announced_host == "10.0.0.8");
  CHECK(settings.listen == net::Address{"0.0.0.0", 7000});
}

TEST_CASE("what the operator leaves open is taken from the machine") {
  const Settings settings = sound_settings_of({});
  CHECK_FALSE(settings.machine.empty());
  CHECK(settings.cache_bytes > 0);
  CHECK(settings.shards == 0);
  CHECK(settings.shards_if_new >= 1);
  CHECK(settings.shards_if_new <= kShardsMax);
  CHECK(sound_settings_of({{"machine", "rack-1"}}).machine == "rack-1");
}

TEST_CASE("appendfsync says whether a commit is synced, a second is, or nothing") {
  const auto syncs = [](const char* appendfsync) {
    const Settings settings = sound_settings_of({{"appendfsync", appendfsync}});
    return std::pair(settings.sync_each_commit, settings.sync_each_second);
  };
  CHECK(syncs("always") == std::pair(true, false));
  CHECK(syncs("everysec") == std::pair(false, true));
  CHECK(syncs("no") == std::pair(false, false));
}

TEST_CASE("a topology fits into a request, however small values must be") {
  CHECK(sound_settings_of({{"proto-max-bulk-len", "1kb"}}).limits.bulk_bytes_max >= 1UL << 20);
  CHECK(sound_settings_of({{"proto-max-bulk-len", "512mb"}}).limits.bulk_bytes_max == 512UL << 20);
}

TEST_CASE("the shards share the cache evenly, and each has enough to live on") {
  const Settings large = sound_settings_of({{"cache-size", "1gb"}});
  CHECK(large.environment("s", 4).cache_bytes == 256UL << 20);
  CHECK(large.environment("s", 4).directory == "s");
  const Settings small = sound_settings_of({{"cache-size", "16mb"}});
  CHECK(small.environment("s", 8).cache_bytes == 16UL << 20);
}

}  // namespace
}  // namespace doris::server

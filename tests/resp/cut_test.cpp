// A stream cut anywhere means what it means uncut.
#include <catch2/catch.hpp>

#include "tests/resp/pieces.h"
#include "tests/resp/random_resp.h"

namespace doris::resp {
namespace {

// Small, so that random streams reach them.
constexpr RequestLimits kRequestLimits{.bulk_bytes_max = 35, .args_max = 5, .inline_bytes_max = 60};
constexpr ReplyLimits kReplyLimits{.bulk_bytes_max = 50, .items_max = 6, .nesting_max = 3};

template <class Parse>
void check_cuts(Random& random, const std::string& stream, Parse parse) {
  INFO("the stream is " << Catch::StringMaker<std::string>::convert(stream));
  const auto whole = parse(stream, {});
  for (size_t at = 0; at <= stream.size(); ++at)
    REQUIRE((parse(stream, {at}) == whole));
  for (int i = 0; i < 3; ++i) {
    REQUIRE((parse(stream, random_cuts(random, stream.size(), 8)) == whole));
  }
  std::vector<size_t> everywhere;
  for (size_t at = 1; at < stream.size(); ++at)
    everywhere.push_back(at);
  REQUIRE((parse(stream, everywhere) == whole));
}

void check_request_cuts(Random& random, const std::string& stream) {
  check_cuts(random, stream, [](std::string_view bytes, const std::vector<size_t>& cuts) {
    return parse_requests(bytes, cuts, kRequestLimits);
  });
}

void check_reply_cuts(Random& random, const std::string& stream) {
  check_cuts(random, stream, [](std::string_view bytes, const std::vector<size_t>& cuts) {
    return parse_replies(bytes, cuts, kReplyLimits);
  });
}

// A failure names the seed; to replay it, put that in place of the entropy.
constexpr int kRounds = 400;

TEST_CASE("commands cut anywhere are the same commands") {
  const uint64_t seed = Random::entropy();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Command> sent(1 + random.below(4));
    std::string stream;
    for (Command& command : sent)
      append_command(stream, command = random_command(random));
    check_request_cuts(random, stream);
    CHECK((parse_requests(stream, {}, kRequestLimits).items == sent));
  }
}

TEST_CASE("inline commands cut anywhere are the same commands") {
  const uint64_t seed = Random::entropy();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < kRounds; ++round) {
    check_request_cuts(
        random, "a" + random_line(random, 30) + "\r\nPING\n" + random_line(random, 20) + "\n");
  }
}

TEST_CASE("spoilt commands and garbage cut anywhere fail in the same way") {
  const uint64_t seed = Random::entropy();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < kRounds; ++round) {
    std::string stream;
    for (size_t i = random.below(4); i > 0; --i)
      append_command(stream, random_command(random));
    if (!stream.empty()) spoil(random, stream);
    check_request_cuts(random, stream + random_bytes(random, 30));
  }
}

TEST_CASE("replies cut anywhere are the same replies") {
  const uint64_t seed = Random::entropy();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Value> sent;
    std::string stream;
    for (size_t i = 1 + random.below(3); i > 0; --i) {
      sent.push_back(random_value(random, 2));
      stream += bytes_of(sent.back(), Protocol::kResp3);
    }
    check_reply_cuts(random, stream);
    CHECK((parse_replies(stream, {}, kReplyLimits).items == sent));
  }
}

TEST_CASE("spoilt replies and garbage cut anywhere fail in the same way") {
  const uint64_t seed = Random::entropy();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < kRounds; ++round) {
    std::string stream = bytes_of(random_value(random, 3), Protocol::kResp3);
    spoil(random, stream);
    check_reply_cuts(random, stream + random_bytes(random, 20));
  }
}

}  // namespace
}  // namespace doris::resp

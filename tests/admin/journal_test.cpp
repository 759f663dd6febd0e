#include "admin/journal.h"

#include <catch2/catch.hpp>

namespace doris::admin {
namespace {

TEST_CASE("a journal entry is read back as it was written") {
  const JournalEntry entry{7, 1'763'860'079'123, "a1 (10.0.0.1:7000)", "a1 joined group a", ""};
  const auto decoded = decode_entry(7, encode_entry(entry));
  REQUIRE(decoded.ok());
  CHECK(*decoded == entry);
}

TEST_CASE("a text that would break the lines is kept on one") {
  const auto decoded =
      decode_entry(1, encode_entry({1, 5, "a\nwhat b", "c\r\n", std::string(1, 0)}));
  REQUIRE(decoded.ok());
  CHECK(decoded->who == "a what b");
  CHECK(decoded->what == "c  ");
  CHECK(decoded->why == " ");
}

TEST_CASE("a damaged entry is told from a sound one") {
  const std::string sound = encode_entry({1, 5, "who", "what", "why"});
  for (size_t bytes = 0; bytes < sound.size(); ++bytes) {
    CHECK(decode_entry(1, sound.substr(0, bytes)).code() == Code::kCorrupt);
  }
  CHECK(decode_entry(1, sound + "more").code() == Code::kCorrupt);
  CHECK(decode_entry(1, "at x\nwho a\nwhat b\nwhy c\n").code() == Code::kCorrupt);
}

TEST_CASE("the keys of the journal are in the order of the epochs") {
  CHECK(journal_key(255) < journal_key(256));
  CHECK(journal_key(1) < journal_key(1ULL << 31));
  CHECK(journal_key(1) == std::string("journal/\0\0\0\0\0\0\0\1", 16));
}

}  // namespace
}  // namespace doris::admin

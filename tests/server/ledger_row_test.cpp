#include "server/ledger_row.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

#include "base/limits.h"
#include "server/big_endian.h"

namespace doris::server {
namespace {

// The example of FORMAT.md.
LedgerRow example() {
  return {.batch = 0x0102,
          .accounts = {{Book::kVnode, 258, 3, 0xfedcba9876543210}, {Book::kNamespace, 258, 300, 0}},
          .changes = {{Book::kVnode, 1947, -1, 0x1111}, {Book::kTarget, 12, 1, 700}}};
}

std::string encoded(const LedgerRow& row) {
  std::string bytes = "something else";
  encode_ledger_row(row, bytes);
  return bytes;
}

TEST_CASE("a row is its batch, the accounts and the changes") {
  const std::string expected(
      "\x00\x00\x00\x00\x00\x00\x01\x02"
      "\x00\x02"
      "\x00\x01\x02\x06\xfe\xdc\xba\x98\x76\x54\x32\x10"
      "\x01\x01\x02\xd8\x04\x00\x00\x00\x00\x00\x00\x00\x00"
      "\x00\x07\x9b\x01\x00\x00\x00\x00\x00\x00\x11\x11"
      "\x02\x00\x0c\x02\x00\x00\x00\x00\x00\x00\x02\xbc",
      59);
  CHECK((encoded(example()) == expected));
  const auto row = decode_ledger_row(expected);
  REQUIRE(row.ok());
  CHECK(row->batch == 0x0102);
  CHECK((row->accounts == example().accounts));
  CHECK((row->changes == example().changes));
}

TEST_CASE("counts of any size come back") {
  for (const int64_t count :
       {INT64_C(0), INT64_C(63), INT64_C(64), INT64_C(-64), INT64_C(-65),
        std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
    const LedgerRow row{.batch = 1, .accounts = {}, .changes = {{Book::kVnode, 65535, count, 1}}};
    const auto decoded = decode_ledger_row(encoded(row));
    REQUIRE(decoded.ok());
    CHECK((decoded->changes == row.changes));
  }
}

TEST_CASE("a row that was cut is refused, unless whole changes are missing") {
  const std::string bytes = encoded(example());
  const std::string whole_changes[] = {bytes.substr(0, 35), bytes.substr(0, 47), bytes};
  for (size_t size = 0; size <= bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    INFO(size);
    CHECK(decode_ledger_row(cut).ok() == (std::ranges::count(whole_changes, cut) == 1));
  }
}

TEST_CASE("a row of no batch, of an unknown book, or of no such namespace is refused") {
  std::string bytes = encoded(example());
  SECTION("batch 0") {
    bytes.replace(0, 8, std::string(8, '\0'));
  }
  SECTION("an unknown book") {
    bytes[10] = static_cast<char>(kBooks);
  }
  SECTION("no such namespace") {
    std::string number;
    append_big_endian(static_cast<uint16_t>(kNamespacesMax), number);
    bytes.replace(23, 2, number);
  }
  SECTION("a count without an end") {
    bytes.replace(25, 2, std::string(11, '\xff'));
  }
  CHECK(decode_ledger_row(bytes).code() == Code::kCorrupt);
}

}  // namespace
}  // namespace doris::server

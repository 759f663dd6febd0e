#include "server/ledger_row.h"

#include <concepts>
#include <limits>

#include "base/check.h"
#include "base/limits.h"
#include "server/big_endian.h"

namespace doris::server {
namespace {

constexpr size_t kCountBytesMax = 10;
static_assert(kNamespacesMax <= 65536, "a namespace is stored in 2 bytes");

// 0, -1, 1, -2... as 0, 1, 2, 3...: most counts of a change are small, and so is their code.
uint64_t zigzag(int64_t number) {
  return static_cast<uint64_t>(number) << 1 ^ static_cast<uint64_t>(number >> 63);
}
int64_t unzigzag(uint64_t code) {
  return static_cast<int64_t>(code >> 1 ^ (0 - (code & 1)));
}

void append_count(int64_t count, std::string& out) {
  uint64_t rest = zigzag(count);
  for (; rest >= 0x80; rest >>= 7)
    out += static_cast<char>(rest | 0x80);
  out += static_cast<char>(rest);
}

void append_entry(const LedgerEntry& entry, std::string& out) {
  append_big_endian(static_cast<uint8_t>(entry.book), out);
  append_big_endian(entry.number, out);
  append_count(entry.count, out);
  append_big_endian(entry.sum, out);
}

// Takes entries off the front of what is left of a row. `good` stays true until one is cut off
// or is of no account.
struct Reader {
  std::string_view rest;
  bool good = true;

  template <std::unsigned_integral T>
  T number() {
    if (rest.size() < sizeof(T)) return fail();
    const T number = read_big_endian<T>(rest.data());
    rest.remove_prefix(sizeof(T));
    return number;
  }

  int64_t count() {
    uint64_t code = 0;
    for (size_t i = 0; i < kCountBytesMax; ++i) {
      const auto byte = number<uint8_t>();
      code |= (byte & 0x7FULL) << (7 * i);
      if (byte < 0x80) return unzigzag(code);
    }
    return fail();
  }

  LedgerEntry entry() {
    LedgerEntry entry;
    const auto book = number<uint8_t>();
    if (book >= kBooks) fail();
    entry.book = static_cast<Book>(book);
    entry.number = number<uint16_t>();
    if (entry.book == Book::kNamespace && entry.number >= kNamespacesMax) fail();
    entry.count = count();
    entry.sum = number<uint64_t>();
    return entry;
  }

  uint8_t fail() {
    good = false;
    rest = {};
    return 0;
  }
};

}  // namespace

void encode_ledger_row(const LedgerRow& row, std::string& out) {
  DORIS_CHECK(row.accounts.size() <= std::numeric_limits<uint16_t>::max(), "counted in 2 bytes");
  out.clear();
  append_big_endian(row.batch, out);
  append_big_endian(static_cast<uint16_t>(row.accounts.size()), out);
  for (const LedgerEntry& entry : row.accounts)
    append_entry(entry, out);
  for (const LedgerEntry& entry : row.changes)
    append_entry(entry, out);
}

Result<LedgerRow> decode_ledger_row(std::string_view bytes) {
  Reader reader{bytes};
  LedgerRow row;
  row.batch = reader.number<uint64_t>();
  const auto accounts = reader.number<uint16_t>();
  while (reader.good && row.accounts.size() < accounts)
    row.accounts.push_back(reader.entry());
  while (reader.good && !reader.rest.empty())
    row.changes.push_back(reader.entry());
  if (!reader.good || row.batch == 0) return Status::corrupt("a damaged row of the ledger");
  return row;
}

}  // namespace doris::server

#include "server/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/bdb/cursor.h"
#include "base/check.h"
#include "base/limits.h"
#include "server/big_endian.h"

namespace doris::server {
namespace {

constexpr std::string_view kPrefix = "ledger";
constexpr size_t kKeyBytes = kPrefix.size() + sizeof(uint16_t);
constexpr size_t kRowHeadBytes = sizeof(uint64_t) + sizeof(uint16_t);
constexpr size_t kEntryBytes = 1 + sizeof(uint16_t) + 2 * sizeof(uint64_t);
static_assert(kNamespacesMax <= 65536, "a namespace is stored in 2 bytes");

uint16_t slot_of(uint64_t number) {
  return static_cast<uint16_t>(number % Ledger::kSlots);
}

template <class Entry>
void append_entry(const Entry& entry, std::string& out) {
  append_big_endian(static_cast<uint8_t>(entry.book), out);
  append_big_endian(entry.number, out);
  append_big_endian(entry.count, out);
  append_big_endian(entry.sum, out);
}

// The slot that a key of meta.db names.
Result<uint16_t> decode_slot(std::string_view key) {
  if (key.size() != kKeyBytes || !key.starts_with(kPrefix))
    return Status::corrupt(fmt::format("a row of another kind: {} bytes", key.size()));
  const auto slot = read_big_endian<uint16_t>(&key[kPrefix.size()]);
  if (slot >= Ledger::kSlots) return Status::corrupt(fmt::format("a ledger row of slot {}", slot));
  return slot;
}

// Rows 1 to `last` have been written, the younger ones over the older ones.
template <class Rows>
Status check_whole(const Rows& rows, uint64_t last) {
  const uint64_t kept = std::min<uint64_t>(last, Ledger::kSlots);
  for (uint64_t batch = last - kept + 1; batch <= last; ++batch) {
    if (rows[slot_of(batch)].batch != batch)
      return Status::corrupt(fmt::format("the ledger row of batch {} is missing", batch));
  }
  return Status::okay();
}

}  // namespace

Ledger::Ledger() {
  books_[static_cast<size_t>(Book::kNamespace)] = {.counts = std::vector<uint64_t>(kNamespacesMax),
                                                   .sums = std::vector<uint64_t>(kNamespacesMax)};
}

// ---- Accounts ------------------------------------------------------------------------

void Ledger::add(Book book, uint16_t number, int64_t count, uint64_t sum) {
  if (count == 0 && sum == 0) return;
  Accounts& accounts = open(book, number);
  const auto change = static_cast<uint64_t>(count);
  DORIS_CHECK(count > 0 || accounts.counts[number] >= 0 - change, "a count below 0");
  accounts.counts[number] += change;
  accounts.sums[number] += sum;
  changes_.push_back({book, number, change, sum});
}

void Ledger::undo() {
  for (const Entry& change : changes_) {
    Accounts& accounts = open(change.book, change.number);
    accounts.counts[change.number] -= change.count;
    accounts.sums[change.number] -= change.sum;
  }
  changes_.clear();
}

void Ledger::settle() {
  if (!changes_.empty()) ++batch_;
  changes_.clear();
}

uint64_t Ledger::count(Book book, uint16_t number) const {
  const Accounts& accounts = at(book);
  return number < accounts.counts.size() ? accounts.counts[number] : 0;
}

uint64_t Ledger::sum(Book book, uint16_t number) const {
  const Accounts& accounts = at(book);
  return number < accounts.sums.size() ? accounts.sums[number] : 0;
}

Ledger::Accounts& Ledger::open(Book book, uint16_t number) {
  Accounts& accounts = books_[static_cast<size_t>(book)];
  if (number >= accounts.counts.size()) {
    accounts.counts.resize(number + 1UL);
    accounts.sums.resize(number + 1UL);
  }
  return accounts;
}

// ---- To the disk ---------------------------------------------------------------------

Status Ledger::store(bdb::Database& meta, bdb::Transaction& txn) {
  if (changes_.empty()) return Status::okay();
  merge_changes();
  const uint64_t batch = batch_ + 1;
  key_ = kPrefix;
  append_big_endian(slot_of(batch), key_);
  encode_row(batch);
  return meta.put(txn, key_, row_);
}

// A batch changes few accounts, some of them often: the namespace with every write.
void Ledger::merge_changes() {
  const auto account = [](const Entry& entry) { return std::tie(entry.book, entry.number); };
  std::ranges::sort(changes_, {}, account);
  size_t merged = 0;
  for (size_t i = 1; i < changes_.size(); ++i) {
    if (account(changes_[i]) == account(changes_[merged])) {
      changes_[merged].count += changes_[i].count;
      changes_[merged].sum += changes_[i].sum;
    } else {
      changes_[++merged] = changes_[i];
    }
  }
  changes_.resize(merged + 1);
}

void Ledger::encode_row(uint64_t batch) {
  row_.clear();
  append_big_endian(batch, row_);
  append_big_endian<uint16_t>(0, row_);  // The number of accounts, in a moment.
  uint16_t accounts = 0;
  for (const Book book : {Book::kVnode, Book::kNamespace, Book::kTarget}) {
    const std::vector<uint64_t>& counts = at(book).counts;
    for (size_t number = slot_of(batch); number < counts.size(); number += kSlots) {
      const Entry entry{book, static_cast<uint16_t>(number), counts[number], at(book).sums[number]};
      if (entry.count == 0 && entry.sum == 0) continue;
      append_entry(entry, row_);
      ++accounts;
    }
  }
  row_[sizeof(uint64_t)] = static_cast<char>(accounts >> 8);
  row_[sizeof(uint64_t) + 1] = static_cast<char>(accounts & 0xFF);
  for (const Entry& change : changes_)
    append_entry(change, row_);
}

// ---- From the disk -------------------------------------------------------------------

Status Ledger::load(bdb::Database& meta) {
  auto cursor = bdb::Cursor::open(meta, nullptr);
  if (!cursor.ok()) return cursor.status();
  std::vector<Row> rows(kSlots);
  auto found = (*cursor)->seek_range("", key_, row_);
  for (; found.ok() && *found; found = (*cursor)->next(key_, row_)) {
    const Result<uint16_t> slot = decode_slot(key_);
    if (!slot.ok()) return slot.status().prefixed(meta.path());
    DORIS_RETURN_IF_ERROR(read_row(*slot, row_, rows[*slot]).prefixed(meta.path()));
    batch_ = std::max(batch_, rows[*slot].batch);
  }
  DORIS_RETURN_IF_ERROR(found.status());
  DORIS_RETURN_IF_ERROR(check_whole(rows, batch_).prefixed(meta.path()));
  catch_up(rows);
  return Status::okay();
}

// Sets the accounts of the row, and keeps its changes.
Status Ledger::read_row(uint16_t slot, std::string_view value, Row& row) {
  if (value.size() < kRowHeadBytes || (value.size() - kRowHeadBytes) % kEntryBytes != 0)
    return Status::corrupt(fmt::format("a ledger row of {} bytes", value.size()));
  row.batch = read_big_endian<uint64_t>(value.data());
  if (row.batch == 0 || slot_of(row.batch) != slot)
    return Status::corrupt(fmt::format("a ledger row of batch {} in slot {}", row.batch, slot));
  const auto accounts = read_big_endian<uint16_t>(&value[sizeof(uint64_t)]);
  size_t entries = 0;
  for (size_t at = kRowHeadBytes; at < value.size(); at += kEntryBytes) {
    const char* const bytes = &value[at];
    const auto book = read_big_endian<uint8_t>(bytes);
    const Entry entry{.book = static_cast<Book>(book),
                      .number = read_big_endian<uint16_t>(bytes + 1),
                      .count = read_big_endian<uint64_t>(bytes + 3),
                      .sum = read_big_endian<uint64_t>(bytes + 11)};
    if (book >= kBooks || (entry.book == Book::kNamespace && entry.number >= kNamespacesMax))
      return Status::corrupt(fmt::format("a ledger entry of account {}/{}", book, entry.number));
    if (entries++ >= accounts) {
      row.changes.push_back(entry);
      continue;
    }
    Accounts& held = open(entry.book, entry.number);
    held.counts[entry.number] = entry.count;
    held.sums[entry.number] = entry.sum;
  }
  return Status::okay();
}

// Adds what has changed since each account was written out.
void Ledger::catch_up(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    for (const Entry& change : row.changes) {
      if (row.batch <= rows[slot_of(change.number)].batch) continue;
      Accounts& accounts = open(change.book, change.number);
      accounts.counts[change.number] += change.count;
      accounts.sums[change.number] += change.sum;
    }
  }
}

}  // namespace doris::server

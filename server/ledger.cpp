#include "server/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/bdb/cursor.h"
#include "base/check.h"
#include "base/limits.h"
#include "server/big_endian.h"
#include "server/meta_keys.h"

namespace doris::server {
namespace {

uint16_t slot_of(uint64_t number) {
  return static_cast<uint16_t>(number % Ledger::kSlots);
}

void encode_key(uint16_t slot, std::string& out) {
  out = kLedgerPrefix;
  append_big_endian(slot, out);
}

Result<LedgerRow> decode(std::string_view key, std::string_view bytes) {
  Result<LedgerRow> row = decode_ledger_row(bytes);
  if (!row.ok()) return row;
  std::string expected;
  encode_key(slot_of(row->batch), expected);
  if (key != expected) return Status::corrupt("a row that is not in its place");
  return row;
}

}  // namespace

Ledger::Ledger() {
  at(Book::kNamespace).grow_to(kNamespacesMax);
}

void Ledger::Accounts::grow_to(size_t size) {
  if (size <= counts.size()) return;
  counts.resize(size);
  sums.resize(size);
}

uint64_t Ledger::count(Book book, uint16_t number) const {
  return number < at(book).counts.size() ? at(book).counts[number] : 0;
}

uint64_t Ledger::sum(Book book, uint16_t number) const {
  return number < at(book).sums.size() ? at(book).sums[number] : 0;
}

void Ledger::apply(const LedgerEntry& change) {
  Accounts& accounts = at(change.book);
  accounts.grow_to(change.number + 1UL);
  accounts.counts[change.number] += static_cast<uint64_t>(change.count);
  accounts.sums[change.number] += change.sum;
}

// ---- The open batch ------------------------------------------------------------------

void Ledger::add(const LedgerEntry& change) {
  if (change.count == 0 && change.sum == 0) return;
  const auto held = static_cast<int64_t>(count(change.book, change.number));
  DORIS_CHECK(held + change.count >= 0, "a count below 0");
  apply(change);
  next_.changes.push_back(change);
}

Status Ledger::store(bdb::Database& meta, bdb::Transaction& txn) {
  if (next_.changes.empty()) return Status::okay();
  next_.batch = batch_ + 1;
  merge_changes();
  list_accounts();
  encode_key(slot_of(next_.batch), key_);
  encode_ledger_row(next_, bytes_);
  return meta.put(txn, key_, bytes_);
}

// A batch changes few accounts, some of them often: a namespace with every key.
void Ledger::merge_changes() {
  std::vector<LedgerEntry>& changes = next_.changes;
  const auto account = [](const LedgerEntry& entry) {
    return static_cast<uint32_t>(entry.book) << 16 | entry.number;
  };
  std::ranges::sort(changes, {}, account);
  size_t merged = 0;
  for (size_t i = 1; i < changes.size(); ++i) {
    if (account(changes[i]) == account(changes[merged])) {
      changes[merged].count += changes[i].count;
      changes[merged].sum += changes[i].sum;
    } else {
      changes[++merged] = changes[i];
    }
  }
  changes.resize(merged + 1);
}

// The accounts that it is this batch's turn to write out.
void Ledger::list_accounts() {
  next_.accounts.clear();
  for (const Book book : {Book::kVnode, Book::kNamespace, Book::kTarget}) {
    const Accounts& accounts = at(book);
    for (size_t i = slot_of(next_.batch); i < accounts.counts.size(); i += kSlots) {
      if (accounts.counts[i] == 0 && accounts.sums[i] == 0) continue;
      next_.accounts.push_back({.book = book,
                                .number = static_cast<uint16_t>(i),
                                .count = static_cast<int64_t>(accounts.counts[i]),
                                .sum = accounts.sums[i]});
    }
  }
}

void Ledger::settle() {
  if (!next_.changes.empty()) ++batch_;
  next_.changes.clear();
}

void Ledger::undo() {
  for (LedgerEntry change : next_.changes) {
    change.count = -change.count;
    change.sum = 0 - change.sum;
    apply(change);
  }
  next_.changes.clear();
}

// ---- Loading -------------------------------------------------------------------------

Status Ledger::load(bdb::Database& meta) {
  auto cursor = bdb::Cursor::open(meta, nullptr);
  if (!cursor.ok()) return cursor.status();
  std::vector<LedgerRow> rows(kSlots);  // Those of batch 0 are absent.
  auto found = (*cursor)->seek_range("", key_, bytes_);
  for (; found.ok() && *found; found = (*cursor)->next(key_, bytes_)) {
    if (key_.starts_with(kFloorPrefix)) continue;
    Result<LedgerRow> row = decode(key_, bytes_);
    if (!row.ok()) return row.status().prefixed(meta.path());
    batch_ = std::max(batch_, row->batch);
    LedgerRow& place = rows[slot_of(row->batch)];
    place = *std::move(row);
  }
  DORIS_RETURN_IF_ERROR(found.status());
  DORIS_RETURN_IF_ERROR(check_whole(rows).prefixed(meta.path()));
  replay(rows);
  return Status::okay();
}

Status Ledger::check_whole(const std::vector<LedgerRow>& rows) const {
  const uint64_t kept = std::min<uint64_t>(batch_, kSlots);
  for (uint64_t batch = batch_ - kept + 1; batch <= batch_; ++batch) {
    if (rows[slot_of(batch)].batch != batch)
      return Status::corrupt(fmt::format("the row of batch {} is missing", batch));
  }
  return Status::okay();
}

void Ledger::replay(const std::vector<LedgerRow>& rows) {
  for (const LedgerRow& row : rows) {
    for (const LedgerEntry& account : row.accounts)
      apply(account);  // To nothing yet.
    for (const LedgerEntry& change : row.changes)
      if (row.batch > rows[slot_of(change.number)].batch) apply(change);
  }
}

}  // namespace doris::server

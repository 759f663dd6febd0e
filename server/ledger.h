// Ledger: numbers about the records that are exact whenever the records are, across crashes
// and aborts, at the price of one small row for a batch.
//
// An account is a count and a sum, which wraps modulo 2^64. add() changes it at once, in
// memory, and remembers the change. store() writes a row into the batch's transaction;
// settle() follows its commit, undo() its abort.
//
// The s-th batch writes row s % kSlots. It holds the changes of this batch, and all accounts
// whose number is s modulo kSlots as they are then. So whatever has changed since an account
// was last written out stands in rows that are younger, and not overwritten yet: load() takes
// each account from its row, and adds those changes.
//
//   slot           0     1   | 2     3         1023
//   batch       1024  1025   | 2     3    ...  1023        the next one takes slot 2
//   accounts  0,1024  1,1025 | 2,1026 ..                   as they were after that batch
//   changes   of each batch, to any accounts
//
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bdb/database.h"
#include "base/bdb/transaction.h"
#include "base/status.h"
#include "server/ledger_row.h"

namespace doris::server {

class Ledger {
 public:
  static constexpr uint16_t kSlots = 1024;

  Ledger();

  // Reads what is stored. kCorrupt names the file. REQUIRES: nothing was added yet.
  Status load(bdb::Database& meta);

  // REQUIRES: the count stays at or above 0.
  void add(const LedgerEntry& change);

  // Writes nothing if nothing has changed.
  Status store(bdb::Database& meta, bdb::Transaction& txn);
  void settle();
  void undo();

  [[nodiscard]] uint64_t count(Book book, uint16_t number) const;
  [[nodiscard]] uint64_t sum(Book book, uint16_t number) const;

  // By number; those of namespaces are kNamespacesMax, of others as many as were needed.
  [[nodiscard]] const std::vector<uint64_t>& counts(Book book) const { return at(book).counts; }

 private:
  struct Accounts {
    std::vector<uint64_t> counts;
    std::vector<uint64_t> sums;  // As long as counts.

    void grow_to(size_t size);
  };

  [[nodiscard]] const Accounts& at(Book book) const { return books_[static_cast<size_t>(book)]; }
  Accounts& at(Book book) { return books_[static_cast<size_t>(book)]; }
  void apply(const LedgerEntry& change);
  void merge_changes();
  void list_accounts();
  Status check_whole(const std::vector<LedgerRow>& rows) const;
  void replay(const std::vector<LedgerRow>& rows);

  std::array<Accounts, kBooks> books_;
  uint64_t batch_ = 0;  // The last one that has a row; 0: none.
  LedgerRow next_;      // The open batch's: its changes; the rest is filled in by store().
  std::string key_;     // Kept to save allocations.
  std::string bytes_;
};

}  // namespace doris::server

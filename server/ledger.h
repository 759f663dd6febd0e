// Ledger: numbers about the records that are exact whenever the records are, across crashes
// and aborts, at the price of one small row for a batch.
//
// An account is a count and a sum, both of which wrap modulo 2^64. add() changes it at once,
// in memory, and remembers the change. store() writes a row into the batch's transaction;
// settle() follows its commit, undo() its abort.
//
// Row number s % kSlots is written by the s-th batch. It holds the changes of this batch,
// and the accounts whose number is s modulo kSlots as they are then. So whatever changed
// since an account was last written out stands in rows that are younger and not yet
// overwritten: load() takes each account from its row and adds those changes to it.
//
//   slot       0     1     2    ...
//   batch    512   513     2           <- the next one takes slot 2
//   accounts 0,512 1,513.. 2,514..        as they were after that batch
//   changes   of the batch: to any accounts
//
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bdb/database.h"
#include "base/bdb/transaction.h"
#include "base/status.h"

namespace doris::server {

class Ledger {
 public:
  static constexpr uint16_t kSlots = 512;

  // What an account is about; its number is that of a vnode, a namespace, a node.
  enum class Book : uint8_t {
    kVnode = 0,      // Records; the sum of their digest terms.
    kNamespace = 1,  // Live keys; no sum. Numbers are below kNamespacesMax.
    kTarget = 2,     // Entries of the update log; their bytes.
  };

  Ledger();

  // Reads what is stored. kCorrupt names the file. REQUIRES: nothing was added yet.
  Status load(bdb::Database& meta);

  // REQUIRES: the count stays at or above 0.
  void add(Book book, uint16_t number, int64_t count, uint64_t sum);

  Status store(bdb::Database& meta, bdb::Transaction& txn);
  void settle();
  void undo();

  [[nodiscard]] uint64_t count(Book book, uint16_t number) const;
  [[nodiscard]] uint64_t sum(Book book, uint16_t number) const;

  // By number.
  [[nodiscard]] const std::vector<uint64_t>& counts(Book book) const { return at(book).counts; }

 private:
  static constexpr size_t kBooks = 3;

  struct Accounts {
    std::vector<uint64_t> counts;
    std::vector<uint64_t> sums;  // As long as counts.
  };
  struct Entry {
    Book book;
    uint16_t number;
    uint64_t count;
    uint64_t sum;
  };
  // A row as load() reads it.
  struct Row {
    uint64_t batch = 0;  // 0: absent.
    std::vector<Entry> changes;
  };

  [[nodiscard]] const Accounts& at(Book book) const { return books_[static_cast<size_t>(book)]; }
  Accounts& open(Book book, uint16_t number);  // Makes the account if need be.

  void merge_changes();
  void encode_row(uint64_t batch);
  Status read_row(uint16_t slot, std::string_view value, Row& row);
  void catch_up(const std::vector<Row>& rows);

  std::array<Accounts, kBooks> books_;
  uint64_t batch_ = 0;          // The last one that has a row; 0: none.
  std::vector<Entry> changes_;  // Of the open transaction.
  std::string key_;             // Kept to save allocations.
  std::string row_;
};

}  // namespace doris::server

// A row of the ledger (ledger.h) as it is stored. FORMAT.md has the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace doris::server {

// What an account is about; its number is that of a vnode, a namespace or a node.
enum class Book : uint8_t {
  kVnode = 0,      // Records; the sum of their digest terms.
  kNamespace = 1,  // Live keys; no sum. Numbers are below kNamespacesMax.
  kTarget = 2,     // Entries of the update log; their bytes.
};
constexpr size_t kBooks = 3;

struct LedgerEntry {
  Book book = Book::kVnode;
  uint16_t number = 0;
  int64_t count = 0;  // Of a change: below 0 if it took away.
  uint64_t sum = 0;   // Modulo 2^64.

  bool operator==(const LedgerEntry&) const = default;
};

struct LedgerRow {
  uint64_t batch = 0;                 // Its number, from 1.
  std::vector<LedgerEntry> accounts;  // As they were after the batch; at most 65535.
  std::vector<LedgerEntry> changes;   // That the batch made.
};

// Replaces `out`.
void encode_ledger_row(const LedgerRow& row, std::string& out);

// kCorrupt for what encode_ledger_row() does not make.
Result<LedgerRow> decode_ledger_row(std::string_view bytes);

}  // namespace doris::server

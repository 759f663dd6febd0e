#include "server/live_counts.h"

#include <string_view>

#include "base/bdb/cursor.h"
#include "base/check.h"
#include "base/limits.h"
#include "server/big_endian.h"

namespace doris::server {
namespace {

constexpr std::string_view kPrefix = "live";
constexpr size_t kKeyBytes = kPrefix.size() + sizeof(uint16_t);
constexpr size_t kValueBytes = sizeof(uint64_t);
static_assert(kNamespacesMax <= 65536, "a namespace is stored in 2 bytes");

}  // namespace

LiveCounts::LiveCounts() : counts_(kNamespacesMax) {}

Status LiveCounts::load(bdb::Database& meta) {
  auto cursor = bdb::Cursor::open(meta, nullptr);
  if (!cursor.ok()) return cursor.status();
  auto found = (*cursor)->seek_range(kPrefix, key_, value_);
  for (; found.ok() && *found && key_.starts_with(kPrefix); found = (*cursor)->next(key_, value_)) {
    if (key_.size() != kKeyBytes || value_.size() != kValueBytes)
      return Status::corrupt(meta.file() + ": a count of live keys has the wrong size");
    const auto name_space = read_big_endian<uint16_t>(&key_[kPrefix.size()]);
    if (name_space >= kNamespacesMax)
      return Status::corrupt(meta.file() + ": a count of live keys has no such namespace");
    counts_[name_space] = read_big_endian<uint64_t>(value_.data());
  }
  return found.status();
}

void LiveCounts::add(uint32_t name_space, int64_t change) {
  if (change == 0) return;
  DORIS_CHECK(name_space < counts_.size(), "namespaces are below kNamespacesMax");
  uint64_t& count = counts_[name_space];
  DORIS_CHECK(change > 0 || count >= static_cast<uint64_t>(-change), "a count below 0");
  count += static_cast<uint64_t>(change);
  // Few namespaces change in one batch, most often one.
  for (Change& seen : changes_) {
    if (seen.name_space != name_space) continue;
    seen.sum += change;
    return;
  }
  changes_.push_back({name_space, change});
}

Status LiveCounts::store(bdb::Database& meta, bdb::Transaction& txn) {
  for (const Change& change : changes_) {
    if (change.sum == 0) continue;
    key_ = kPrefix;
    append_big_endian(static_cast<uint16_t>(change.name_space), key_);
    value_.clear();
    append_big_endian(counts_[change.name_space], value_);
    DORIS_RETURN_IF_ERROR(meta.put(txn, key_, value_));
  }
  return Status::okay();
}

void LiveCounts::settle() {
  changes_.clear();
}

void LiveCounts::undo() {
  for (const Change& change : changes_)
    counts_[change.name_space] -= static_cast<uint64_t>(change.sum);
  changes_.clear();
}

}  // namespace doris::server

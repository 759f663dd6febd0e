#include "server/update_log.h"

#include "base/limits.h"
#include "server/kept_buffer.h"
#include "server/key_space.h"
#include "server/record_scan.h"
#include "server/write_rule.h"

namespace doris::server {
namespace {

uint64_t entry_bytes(const KeyRef& key, std::string_view value) {
  return key.physical_key.size() + value.size();
}

}  // namespace

Result<WriteResult> UpdateLog::write(bdb::Transaction& txn, topology::NodeId target,
                                     const KeyRef& key, const Write& write) {
  encode_log_key(target, key, log_key_);
  const auto held = find(&txn);
  if (!held.ok()) return held.status();
  const auto header = *held ? std::optional((*held)->header) : std::nullopt;
  const Decision decision = decide(header, resp::Version{}, write.header.version, Role::kSecondary);
  if (decision.verdict == Verdict::kKeep)
    return WriteResult{.existed = false, .applied = false, .version = decision.version};

  drop_if_huge(record_);
  record_.clear();
  encode_record(write.header, write.value, record_);
  DORIS_RETURN_IF_ERROR(file_.put(txn, log_key_, record_));
  const uint64_t freed = *held ? entry_bytes(key, (*held)->value) : 0;
  count(target, *held ? 0 : 1, entry_bytes(key, write.value) - freed);
  return WriteResult{.existed = false, .applied = true, .version = decision.version};
}

Result<bool> UpdateLog::grows(bdb::Transaction* txn, topology::NodeId target, const KeyRef& key,
                              const Write& write) {
  encode_log_key(target, key, log_key_);
  const auto held = find(txn);
  if (!held.ok()) return held.status();
  if (!*held) return true;
  const bool replaces = write.header.version > (*held)->header.version;
  return replaces && write.value.size() > (*held)->value.size();
}

Result<std::string> UpdateLog::scan(bdb::Transaction* txn, topology::NodeId target,
                                    const Page& page, const RecordVisitor& visit) {
  const KeyRange range{.number = target, .stored_key_at = sizeof target};
  return scan_records(file_, txn, range, page, Content::kRecords, visit);
}

Result<bool> UpdateLog::drop(bdb::Transaction& txn, topology::NodeId target, const KeyRef& key,
                             const resp::Version& version) {
  encode_log_key(target, key, log_key_);
  const auto held = find(&txn);
  if (!held.ok()) return held.status();
  if (!*held || (*held)->header.version > version) return false;
  Result<bool> removed = file_.remove(txn, log_key_);
  if (removed.ok()) count(target, -1, 0 - entry_bytes(key, (*held)->value));
  return removed;
}

Result<size_t> UpdateLog::clear(bdb::Transaction& txn, topology::NodeId target,
                                size_t records_max) {
  // A file is not changed while it is scanned: the keys first.
  std::vector<std::string> keys;
  uint64_t bytes = 0;
  const auto next = scan(&txn, target, {.records_max = records_max, .bytes_max = kBatchBytesMax},
                         [&](const KeyRef& key, const RecordView& record) {
                           encode_log_key(target, key, keys.emplace_back());
                           bytes += entry_bytes(key, record.value);
                         });
  if (!next.ok()) return next.status();
  for (const std::string& key : keys) {
    const Result<bool> removed = file_.remove(txn, key);
    if (!removed.ok()) return removed.status();
  }
  count(target, -static_cast<int64_t>(keys.size()), 0 - bytes);
  return keys.size();
}

void UpdateLog::count(topology::NodeId target, int64_t entries, uint64_t bytes) {
  ledger_.add({.book = Book::kTarget, .number = target, .count = entries, .sum = bytes});
}

LogStats UpdateLog::stats(topology::NodeId target) const {
  return {.entries = ledger_.count(Book::kTarget, target),
          .bytes = ledger_.sum(Book::kTarget, target)};
}

std::vector<topology::NodeId> UpdateLog::targets() const {
  std::vector<topology::NodeId> targets;
  const std::vector<uint64_t>& entries = ledger_.counts(Book::kTarget);
  for (size_t target = 0; target < entries.size(); ++target)
    if (entries[target] != 0) targets.push_back(static_cast<topology::NodeId>(target));
  return targets;
}

Result<std::optional<RecordView>> UpdateLog::find(bdb::Transaction* txn) {
  drop_if_huge(held_);
  const Result<bool> found = file_.get(txn, log_key_, held_);
  if (!found.ok()) return found.status();
  if (!*found) return std::optional<RecordView>();
  const Result<RecordView> record = decode_record(held_);
  if (!record.ok()) return record.status().prefixed(file_.path());
  return std::optional<RecordView>(*record);
}

}  // namespace doris::server

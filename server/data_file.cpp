#include "server/data_file.h"

#include <utility>

#include "server/kept_buffer.h"
#include "server/key_space.h"
#include "server/record_scan.h"
#include "server/vnode_digests.h"
#include "server/write_rule.h"

namespace doris::server {

Result<std::optional<RecordView>> DataFile::read(bdb::Transaction* txn, const KeyRef& key) {
  drop_if_huge(read_);
  encode_stored_key(key, stored_key_);
  const Result<bool> found = file_.get(txn, stored_key_, read_);
  if (!found.ok()) return found.status();
  if (!*found) return std::optional<RecordView>();
  const Result<RecordView> record = decode_record(read_);
  if (!record.ok()) return record.status().prefixed(file_.path());
  return std::optional<RecordView>(*record);
}

Result<std::optional<RecordHeader>> DataFile::read_header(bdb::Transaction* txn,
                                                          const KeyRef& key) {
  encode_stored_key(key, stored_key_);
  return held_header(file_.get_prefix(txn, stored_key_, kRecordHeaderBytesMax, header_));
}

Result<WriteResult> DataFile::write(bdb::Transaction& txn, const KeyRef& key, const Write& write,
                                    Role role, int64_t now_ms) {
  DORIS_RETURN_IF_ERROR(open_cursor(txn));
  encode_stored_key(key, stored_key_);
  const auto held = held_header(cursor_->seek(stored_key_, kRecordHeaderBytesMax, header_));
  if (!held.ok()) return held.status();
  const Decision decision = decide(*held, floors_.floor(key.vnode), write.header.version, role);
  const bool applied = decision.verdict != Verdict::kKeep;
  if (applied) DORIS_RETURN_IF_ERROR(put(key, *held, write, decision.version));
  return WriteResult{.existed = *held && (*held)->live(now_ms),
                     .applied = applied,
                     .version = decision.version,
                     .before = *held ? (*held)->version : resp::Version{}};
}

Result<std::string> DataFile::scan(bdb::Transaction* txn, topology::Vnode vnode, const Page& page,
                                   Content content, const RecordVisitor& visit) {
  const KeyRange range{.number = vnode, .stored_key_at = 0};
  return scan_records(file_, txn, range, page, content, visit);
}

VnodeDigest DataFile::digest(topology::Vnode vnode) const {
  return {.records = ledger_.count(Book::kVnode, vnode), .sum = ledger_.sum(Book::kVnode, vnode)};
}

Result<DataFile::Reclaimed> DataFile::reclaim(bdb::Transaction& txn, topology::Vnode vnode,
                                              const Page& page, int64_t expired_by_ms) {
  const resp::Version floor = floors_.floor(vnode);
  // A file is not changed while it is scanned: the dead first.
  std::vector<std::pair<std::string, RecordHeader>> dead;
  auto next =
      scan(&txn, vnode, page, Content::kHeaders, [&](const KeyRef& key, const RecordView& record) {
        const RecordHeader& header = record.header;
        if (is_reclaimable(header, floor, expired_by_ms))
          dead.emplace_back(key.physical_key, header);
      });
  if (!next.ok()) return next.status();
  for (const auto& [physical_key, header] : dead)
    DORIS_RETURN_IF_ERROR(remove(txn, {vnode, physical_key}, header));
  return Reclaimed{.next = *std::move(next), .records = dead.size()};
}

Result<bool> DataFile::drop(bdb::Transaction& txn, const KeyRef& key, const resp::Version& floor) {
  const auto held = read_header(&txn, key);
  if (!held.ok()) return held.status();
  if (!*held || (*held)->version >= floor) return false;
  DORIS_RETURN_IF_ERROR(remove(txn, key, **held));
  return true;
}

Status DataFile::remove(bdb::Transaction& txn, const KeyRef& key, const RecordHeader& held) {
  encode_stored_key(key, stored_key_);
  const Result<bool> removed = file_.remove(txn, stored_key_);
  if (!removed.ok()) return removed.status();
  count(key, held, std::nullopt);
  return Status::okay();
}

Status DataFile::open_cursor(bdb::Transaction& txn) {
  if (cursor_ != nullptr) return Status::okay();
  auto cursor = bdb::Cursor::open(file_, &txn);
  if (!cursor.ok()) return cursor.status();
  cursor_ = *std::move(cursor);
  return Status::okay();
}

Status DataFile::put(const KeyRef& key, const std::optional<RecordHeader>& held, const Write& write,
                     const resp::Version& version) {
  RecordHeader header = write.header;
  header.version = version;
  drop_if_huge(record_);
  record_.clear();
  encode_record(header, write.value, record_);
  DORIS_RETURN_IF_ERROR(held ? cursor_->replace(record_) : cursor_->insert(stored_key_, record_));
  count(key, held, header);
  return Status::okay();
}

Result<std::optional<RecordHeader>> DataFile::held_header(const Result<bool>& found) const {
  if (!found.ok()) return found.status();
  if (!*found) return std::optional<RecordHeader>();
  const Result<RecordHeader> header = decode_header(header_);
  if (!header.ok()) return header.status().prefixed(file_.path());
  return std::optional<RecordHeader>(*header);
}

void DataFile::count(const KeyRef& key, const std::optional<RecordHeader>& before,
                     const std::optional<RecordHeader>& after) {
  const auto term = [&](const std::optional<RecordHeader>& header) {
    return header ? digest_term(header->version, key.physical_key) : 0;
  };
  const auto live = [](const std::optional<RecordHeader>& header) {
    return static_cast<int64_t>(header && !header->tombstone);
  };
  ledger_.add({.book = Book::kVnode,
               .number = key.vnode,
               .count = static_cast<int64_t>(after.has_value()) - before.has_value(),
               .sum = term(after) - term(before)});
  ledger_.add({.book = Book::kNamespace,
               .number = static_cast<uint16_t>(namespace_of(key.physical_key)),
               .count = live(after) - live(before)});
}

}  // namespace doris::server

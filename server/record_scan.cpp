#include "server/record_scan.h"

#include "base/bdb/cursor.h"
#include "base/check.h"
#include "server/big_endian.h"
#include "server/key_space.h"
#include "server/record.h"

namespace doris::server {
namespace {

// Where a page has come to: the key and record found.
class Walk {
 public:
  Walk(bdb::Cursor& cursor, Content content) : cursor_(cursor), content_(content) {}

  // To the first key after `start`, or to the one after that found. False at the end.
  Result<bool> begin_after(std::string_view start) {
    const Result<bool> found =
        whole() ? cursor_.seek_range(start, key, record)
                : cursor_.seek_range_prefix(start, key, kRecordHeaderBytesMax, record);
    const bool is_start = found.ok() && *found && key == start;
    return is_start ? next() : found;
  }
  Result<bool> next() {
    return whole() ? cursor_.next(key, record)
                   : cursor_.next_prefix(key, kRecordHeaderBytesMax, record);
  }

  [[nodiscard]] Result<RecordView> decoded() const {
    if (whole()) return decode_record(record);
    const Result<RecordHeader> header = decode_header(record);
    if (!header.ok()) return header.status();
    return RecordView{*header, {}};
  }

  std::string key;
  std::string record;  // Or its first bytes.

 private:
  [[nodiscard]] bool whole() const { return content_ == Content::kRecords; }

  bdb::Cursor& cursor_;
  const Content content_;
};

}  // namespace

Result<std::string> scan_records(bdb::Database& file, bdb::Transaction* txn, const KeyRange& range,
                                 const Page& page, Content content, const RecordVisitor& visit) {
  DORIS_CHECK(page.records_max > 0 && page.bytes_max > 0, "a page gets on");
  auto cursor = bdb::Cursor::open(file, txn);
  if (!cursor.ok()) return cursor.status();
  std::string prefix;
  append_big_endian(range.number, prefix);
  Walk walk(**cursor, content);
  size_t records = 0;
  size_t bytes = 0;
  auto found = walk.begin_after(prefix + std::string(page.from));
  for (; found.ok() && *found && walk.key.starts_with(prefix); found = walk.next()) {
    const auto key = decode_stored_key(std::string_view(walk.key).substr(range.stored_key_at));
    if (!key.ok()) return key.status().prefixed(file.path());
    const Result<RecordView> record = walk.decoded();
    if (!record.ok()) return record.status().prefixed(file.path());
    visit(*key, *record);
    bytes += walk.key.size() + record->value.size();
    if (++records >= page.records_max || bytes >= page.bytes_max)
      return walk.key.substr(prefix.size());
  }
  if (!found.ok()) return found.status();
  return std::string();
}

}  // namespace doris::server

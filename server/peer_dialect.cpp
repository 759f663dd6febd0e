#include "server/peer_dialect.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "server/big_endian.h"

namespace doris::server {
namespace {

using resp::Value;

constexpr size_t kSummaryBytes = 16 + resp::Version::kBytes;
constexpr std::string_view kTombstone = "T";
constexpr std::string_view kValue = "V";
constexpr std::string_view kUnsettled = "U";

Status odd(std::string_view what) {
  return Status::invalid(fmt::format("the peer's reply to {} is not understood", what));
}

bool is_bulk(const Value& value) {
  return value.is(Value::Kind::kBulk);
}

bool read_version(const Value& value, resp::Version& version) {
  if (!is_bulk(value) || value.text.size() != resp::Version::kBytes) return false;
  version = resp::Version::decode(value.text.data());
  return true;
}

std::string version_bytes(const resp::Version& version) {
  std::string bytes(resp::Version::kBytes, '\0');
  version.encode(bytes.data());
  return bytes;
}

// A notice: the writer, its ids, and its three versions.
constexpr size_t kNoticeBytes = 4 + 4 * resp::kWriteIdBytes + 3 * resp::Version::kBytes;

void append_notice(const UnsettledWrites::Notice& notice, std::string& out) {
  append_big_endian(notice.writer, out);
  for (const resp::WriteId id : notice.ids)
    append_big_endian(id, out);
  out += version_bytes(notice.version);
  out += version_bytes(notice.before);
  out += version_bytes(notice.first);
}

UnsettledWrites::Notice read_notice(const char* bytes) {
  UnsettledWrites::Notice notice;
  notice.writer = read_big_endian<uint32_t>(bytes);
  bytes += sizeof(uint32_t);
  for (resp::WriteId& id : notice.ids) {
    id = read_big_endian<resp::WriteId>(bytes);
    bytes += resp::kWriteIdBytes;
  }
  for (resp::Version* const version : {&notice.version, &notice.before, &notice.first}) {
    *version = resp::Version::decode(bytes);
    bytes += resp::Version::kBytes;
  }
  return notice;
}

// The four items of a record: version, kind, expiry, value.
constexpr size_t kRecordItems = 4;

bool read_record(const Value* items, RecordCopy& record) {
  if (!read_version(items[0], record.header.version)) return false;
  if (items[1].text != kTombstone && items[1].text != kValue) return false;
  record.header.tombstone = items[1].text == kTombstone;
  record.header.expires_at_ms = items[2].integer;
  if (items[2].integer < 0 || !is_bulk(items[3])) return false;
  record.value = items[3].text;
  return true;
}

void write_record_items(resp::Writer& out, const RecordHeader& header, std::string_view value) {
  out.bulk(version_bytes(header.version));
  out.bulk(header.tombstone ? kTombstone : kValue);
  out.integer(header.expires_at_ms);
  out.bulk(value);
}

}  // namespace

void write_summary(resp::Writer& out, const VnodeSummary& summary) {
  std::string bytes;
  append_big_endian(summary.digest.records, bytes);
  append_big_endian(summary.digest.sum, bytes);
  out.bulk(bytes += version_bytes(summary.floor));
}

void write_version(resp::Writer& out, const resp::Version& version) {
  out.bulk(version_bytes(version));
}

// The version and the kind in one item, since there are many of them.
void write_key(resp::Writer& out, std::string_view key, const resp::Version& version, bool live) {
  out.bulk(key);
  out.bulk(version_bytes(version).append(live ? kValue : kTombstone));
}

void write_unsettled_key(resp::Writer& out, std::string_view key, const resp::Version& version) {
  out.bulk(key);
  out.bulk(version_bytes(version).append(kUnsettled));
}

void write_record(resp::Writer& out, const RecordHeader& header, std::string_view value) {
  out.array(kRecordItems);
  write_record_items(out, header, value);
}

void write_log_item(resp::Writer& out, topology::Vnode vnode, std::string_view key,
                    const RecordHeader& header, std::string_view value) {
  out.array(2 + kRecordItems);
  out.integer(vnode);
  out.bulk(key);
  write_record_items(out, header, value);
}

Result<std::vector<VnodeSummary>> read_summaries(const Value& reply) {
  std::vector<VnodeSummary> summaries;
  for (const Value& item : reply.items) {
    if (!is_bulk(item) || item.text.size() != kSummaryBytes) return odd("VDIGEST");
    const char* const bytes = item.text.data();
    summaries.push_back({{read_big_endian<uint64_t>(bytes), read_big_endian<uint64_t>(bytes + 8)},
                         resp::Version::decode(bytes + 16)});
  }
  return summaries;
}

Result<KeyPage> read_key_page(const Value& reply) {
  KeyPage page;
  const bool has_head = reply.is(Value::Kind::kArray) && reply.items.size() >= 2 &&
                        reply.items.size() % 2 == 0 && is_bulk(reply.items[0]) &&
                        read_version(reply.items[1], page.floor);
  if (!has_head) return odd("VKEYS");
  page.next = reply.items[0].text;
  for (size_t i = 2; i < reply.items.size(); i += 2) {
    const Value& version = reply.items[i + 1];
    if (!is_bulk(reply.items[i]) || version.text.size() != resp::Version::kBytes + 1) {
      return odd("VKEYS");
    }
    page.items.push_back({.key = reply.items[i].text,
                          .version = resp::Version::decode(version.text.data()),
                          .live = version.text.ends_with(kValue),
                          .settled = !version.text.ends_with(kUnsettled)});
  }
  return page;
}

Result<std::vector<std::optional<resp::Version>>> read_held(const Value& reply, size_t keys) {
  if (!reply.is(Value::Kind::kArray) || reply.items.size() != keys) return odd("VHELD");
  std::vector<std::optional<resp::Version>> held(keys);
  for (size_t i = 0; i < keys; ++i) {
    if (reply.items[i].is(Value::Kind::kNull)) continue;
    if (!read_version(reply.items[i], held[i].emplace())) return odd("VHELD");
  }
  return held;
}

Result<ReclaimPage> read_reclaim_page(const Value& reply) {
  if (!reply.is(Value::Kind::kArray) || reply.items.size() != 2 || !is_bulk(reply.items[0]) ||
      reply.items[1].integer < 0) {
    return odd("VRECLAIM");
  }
  return ReclaimPage{reply.items[0].text, static_cast<uint64_t>(reply.items[1].integer)};
}

Result<std::vector<std::optional<RecordCopy>>> read_records(const Value& reply,
                                                            const std::vector<std::string>& keys) {
  if (!reply.is(Value::Kind::kArray) || reply.items.size() > keys.size() ||
      (reply.items.empty() && !keys.empty())) {
    return odd("VFETCH");
  }
  std::vector<std::optional<RecordCopy>> records;
  for (size_t i = 0; i < reply.items.size(); ++i) {
    const Value& item = reply.items[i];
    std::optional<RecordCopy>& record = records.emplace_back();
    if (item.is(Value::Kind::kNull)) continue;
    record.emplace().key = keys[i];
    if (item.items.size() != kRecordItems || !read_record(item.items.data(), *record)) {
      return odd("VFETCH");
    }
  }
  return records;
}

Result<LogPage> read_log_page(const Value& reply) {
  if (!reply.is(Value::Kind::kArray) || reply.items.empty() || !is_bulk(reply.items[0])) {
    return odd("VLOGREAD");
  }
  LogPage page;
  page.next = reply.items[0].text;
  for (size_t i = 1; i < reply.items.size(); ++i) {
    const auto& parts = reply.items[i].items;
    LogPage::Item& item = page.items.emplace_back();
    const bool sound = parts.size() == 2 + kRecordItems && parts[0].integer >= 0 &&
                       parts[0].integer < kVnodesMax && is_bulk(parts[1]) &&
                       read_record(parts.data() + 2, item.record);
    if (!sound) return odd("VLOGREAD");
    item.vnode = static_cast<topology::Vnode>(parts[0].integer);
    item.record.key = parts[1].text;
  }
  return page;
}

std::vector<std::string> write_command(topology::Vnode vnode, const RecordCopy& record,
                                       const std::string& role) {
  const std::string number = fmt::to_string(vnode);
  const std::string version = version_bytes(record.header.version);
  if (record.header.tombstone) return {"VDEL", role, number, record.key, version};
  const std::string expires = fmt::to_string(record.header.expires_at_ms);
  return {"VSET", role, number, record.key, version, expires, record.value};
}

std::vector<std::string> share_command(topology::Vnode vnode, const RecordCopy& record,
                                       const std::vector<UnsettledWrites::Notice>& notices) {
  std::string all;
  for (const UnsettledWrites::Notice& notice : notices)
    append_notice(notice, all);
  return {"VSHARE",
          fmt::to_string(vnode),
          record.key,
          version_bytes(record.header.version),
          std::string(record.header.tombstone ? kTombstone : kValue),
          fmt::to_string(record.header.expires_at_ms),
          record.value,
          all};
}

Result<std::vector<UnsettledWrites::Notice>> read_notices(std::string_view bytes) {
  if (bytes.size() % kNoticeBytes != 0) {
    return Status::invalid(fmt::format("notices of writes have {} bytes each", kNoticeBytes));
  }
  std::vector<UnsettledWrites::Notice> notices;
  for (size_t at = 0; at < bytes.size(); at += kNoticeBytes)
    notices.push_back(read_notice(bytes.data() + at));
  return notices;
}

std::vector<std::string> keys_command(topology::Vnode vnode, const std::string& from,
                                      size_t count) {
  return {"VKEYS", fmt::to_string(vnode), from, fmt::to_string(count)};
}

std::vector<std::string> held_command(topology::Vnode vnode, const std::vector<std::string>& keys) {
  std::vector<std::string> command = {"VHELD", fmt::to_string(vnode)};
  command.insert(command.end(), keys.begin(), keys.end());
  return command;
}

std::vector<std::string> reclaim_command(topology::Vnode vnode, const resp::Version& floor,
                                         int64_t expired_by_ms, const std::string& from) {
  return {"VRECLAIM", fmt::to_string(vnode), version_bytes(floor), fmt::to_string(expired_by_ms),
          from};
}

std::vector<std::string> drop_command(topology::NodeId target, const LogPage::Item& item) {
  return {"VLOGDROP", fmt::to_string(target), fmt::to_string(item.vnode), item.record.key,
          version_bytes(item.record.header.version)};
}

}  // namespace doris::server

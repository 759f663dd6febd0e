// MemStore: a Store in memory whose disk can fail on demand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/guard.h"
#include "base/limits.h"
#include "server/big_endian.h"
#include "server/key_space.h"
#include "server/store.h"
#include "server/vnode_digests.h"
#include "server/write_rule.h"
#include "tests/support/mem_table.h"

namespace doris::testing {

class MemStore : public server::Store {
 public:
  // What goes wrong. Each stays until the test takes it back.
  Status commit_error;           // Of every commit() of a batch with writes.
  size_t writes_max = SIZE_MAX;  // Of one batch; the next one finds the disk full.
  Status read_error;             // Of every read() and scan.
  bool is_offline = false;

  // Called at each commit() of an open batch, before it takes effect.
  std::function<void()> on_commit;

  std::vector<size_t> batches;  // The number of writes of each batch committed.
  int aborts = 0;               // Of open batches.

  // ---- Records ----

  Result<std::optional<server::RecordView>> read(const server::KeyRef& key) override {
    DORIS_RETURN_IF_ERROR(read_error);
    const MemRecord* const held = data_.find(data_key(key));
    if (held == nullptr) return std::optional<server::RecordView>();
    return std::optional(held->view());
  }

  Result<std::optional<server::RecordHeader>> read_header(const server::KeyRef& key) override {
    DORIS_RETURN_IF_ERROR(read_error);
    return header_of(data_.find(data_key(key)));
  }

  Result<server::WriteResult> write(const server::KeyRef& key, const server::Write& write,
                                    server::Role role, int64_t now_ms) override {
    return put(data_, data_key(key), floor(key.vnode), write, role, now_ms);
  }

  Result<std::string> scan(topology::Vnode vnode, const server::Page& page, server::Content content,
                           const server::RecordVisitor& visit) override {
    DORIS_RETURN_IF_ERROR(read_error);
    return data_.scan(prefix(vnode), page, content,
                      [&](std::string_view position, const server::RecordView& record) {
                        visit({vnode, position.substr(kOrderBytes)}, record);
                      });
  }

  // From the records, each time anew.
  [[nodiscard]] server::VnodeDigest digest(topology::Vnode vnode) const override {
    server::VnodeDigest digest;
    data_.for_each(prefix(vnode), [&](std::string_view position, const MemRecord& record) {
      ++digest.records;
      digest.sum += server::digest_term(record.header.version, position.substr(kOrderBytes));
    });
    return digest;
  }

  [[nodiscard]] resp::Version floor(topology::Vnode vnode) const override {
    const auto found = floors_.find(vnode);
    return found == floors_.end() ? resp::Version{} : found->second;
  }

  Status raise_floor(topology::Vnode vnode, const resp::Version& floor) override {
    open_ = true;
    if (floor <= this->floor(vnode)) return Status::okay();
    floors_[vnode] = floor;
    ++writes_;
    return Status::okay();
  }

  Result<std::string> reclaim(topology::Vnode vnode, const server::Page& page,
                              int64_t expired_by_ms) override {
    std::vector<std::string> dead;
    const auto judge = [&](std::string_view position, const server::RecordView& record) {
      if (server::is_reclaimable(record.header, floor(vnode), expired_by_ms))
        dead.push_back(prefix(vnode) + std::string(position));
    };
    std::string next = data_.scan(prefix(vnode), page, server::Content::kHeaders, judge);
    DORIS_RETURN_IF_ERROR(remove(data_, dead));
    return next;
  }

  Result<bool> drop(const server::KeyRef& key, const resp::Version& floor) override {
    open_ = true;
    const MemRecord* const held = data_.find(data_key(key));
    if (held == nullptr || held->header.version >= floor) return false;
    DORIS_RETURN_IF_ERROR(remove(data_, {data_key(key)}));
    return true;
  }

  // ---- The update log ----

  Result<bool> log_grows(topology::NodeId target, const server::KeyRef& key,
                         const server::Write& write) override {
    DORIS_RETURN_IF_ERROR(read_error);
    const MemRecord* const held = log_.find(log_key(target, key));
    if (held == nullptr) return true;
    return write.header.version > held->header.version && write.value.size() > held->value.size();
  }

  Result<server::WriteResult> log_write(topology::NodeId target, const server::KeyRef& key,
                                        const server::Write& write) override {
    Result<server::WriteResult> result =
        put(log_, log_key(target, key), resp::Version{}, write, server::Role::kSecondary, 0);
    if (result.ok()) result->existed = false;
    if (result.ok()) result->before = {};
    return result;
  }

  Result<std::string> log_scan(topology::NodeId target, const server::Page& page,
                               const server::RecordVisitor& visit) override {
    DORIS_RETURN_IF_ERROR(read_error);
    return log_.scan(prefix(target), page, server::Content::kRecords,
                     [&](std::string_view position, const server::RecordView& record) {
                       visit(logged_key(position), record);
                     });
  }

  Result<bool> log_drop(topology::NodeId target, const server::KeyRef& key,
                        const resp::Version& version) override {
    const std::string at = log_key(target, key);
    const MemRecord* const held = log_.find(at);
    if (held == nullptr || held->header.version > version) return false;
    DORIS_RETURN_IF_ERROR(remove(log_, {at}));
    return true;
  }

  Result<size_t> log_clear(topology::NodeId target, size_t records_max) override {
    std::vector<std::string> doomed;
    log_.for_each(prefix(target), [&](std::string_view position, const MemRecord&) {
      if (doomed.size() < records_max) doomed.push_back(prefix(target) + std::string(position));
    });
    DORIS_RETURN_IF_ERROR(remove(log_, doomed));
    return doomed.size();
  }

  [[nodiscard]] server::LogStats log_stats(topology::NodeId target) const override {
    server::LogStats stats;
    log_.for_each(prefix(target), [&](std::string_view position, const MemRecord& record) {
      ++stats.entries;
      stats.bytes += logged_key(position).physical_key.size() + record.value.size();
    });
    return stats;
  }

  [[nodiscard]] std::vector<topology::NodeId> log_targets() const override {
    std::set<topology::NodeId> targets;
    log_.for_each("", [&](std::string_view key, const MemRecord&) {
      targets.insert(server::read_big_endian<uint16_t>(key.data()));
    });
    return {targets.begin(), targets.end()};
  }

  // ---- The open batch ----

  [[nodiscard]] size_t batch_writes() const override { return writes_; }
  [[nodiscard]] size_t batch_bytes() const override { return bytes_; }

  Status commit() override {
    if (!open_) return Status::okay();
    if (on_commit) on_commit();
    if (writes_ > 0 && !commit_error.ok()) {
      abort();
      return commit_error;
    }
    if (writes_ > 0) batches.push_back(writes_);
    data_.settle();
    log_.settle();
    settled_floors_ = floors_;
    end();
    return Status::okay();
  }

  void abort() override {
    if (!open_) return;
    ++aborts;
    data_.undo();
    log_.undo();
    floors_ = settled_floors_;
    end();
  }

  // ---- The store as a whole ----

  // From the records, each time anew.
  [[nodiscard]] const std::vector<uint64_t>& live_keys() const override {
    std::ranges::fill(live_keys_, 0);
    data_.for_each("", [&](std::string_view key, const MemRecord& record) {
      const std::string_view physical = key.substr(kVnodeBytes + kOrderBytes);
      if (!record.header.tombstone) ++live_keys_[server::namespace_of(physical)];
    });
    return live_keys_;
  }
  [[nodiscard]] bool offline() const override { return is_offline; }

  // Whether a batch waits for its commit.
  [[nodiscard]] bool open() const { return open_; }

  // The committed value of a key; "" if there is none.
  [[nodiscard]] std::string committed(const server::KeyRef& key) const {
    const MemRecord* const held = data_.find_settled(data_key(key));
    return held == nullptr ? "" : held->value;
  }

 private:
  static constexpr size_t kVnodeBytes = sizeof(topology::Vnode);
  static constexpr size_t kOrderBytes = sizeof(uint32_t);

  static std::string prefix(uint16_t number) {
    std::string bytes;
    server::append_big_endian(number, bytes);
    return bytes;
  }

  static std::string data_key(const server::KeyRef& key) {
    std::string bytes;
    server::encode_stored_key(key, bytes);
    return bytes;
  }

  static std::string log_key(topology::NodeId target, const server::KeyRef& key) {
    return prefix(target) + data_key(key);
  }

  static server::KeyRef logged_key(std::string_view position) {
    return {server::read_big_endian<uint16_t>(position.data()),
            position.substr(kVnodeBytes + kOrderBytes)};
  }

  static std::optional<server::RecordHeader> header_of(const MemRecord* record) {
    return record == nullptr ? std::nullopt : std::optional(record->header);
  }

  Result<server::WriteResult> put(MemTable& table, const std::string& key,
                                  const resp::Version& floor, const server::Write& write,
                                  server::Role role, int64_t now_ms) {
    open_ = true;
    if (writes_ >= writes_max) return Status::no_space("no room for a write");
    const auto held = header_of(table.find(key));
    const server::Decision decision = server::decide(held, floor, write.header.version, role);
    const bool applied = decision.verdict != server::Verdict::kKeep;
    if (applied) {
      MemRecord record{write.header, std::string(write.value)};
      record.header.version = decision.version;
      const bool leaves_trace = guarded(Guard::kTombstones) || !write.header.tombstone;
      table.set(key, leaves_trace ? std::optional(std::move(record)) : std::nullopt);
      ++writes_;
      bytes_ += write.value.size();
    }
    return server::WriteResult{held && held->live(now_ms), applied, decision.version,
                               held ? held->version : resp::Version{}};
  }

  Status remove(MemTable& table, const std::vector<std::string>& keys) {
    open_ = true;
    if (!keys.empty() && writes_ >= writes_max) return Status::no_space("no room for a write");
    for (const std::string& key : keys)
      table.set(key, std::nullopt);
    writes_ += keys.size();
    return Status::okay();
  }

  void end() {
    open_ = false;
    writes_ = bytes_ = 0;
  }

  MemTable data_;
  MemTable log_;
  std::map<topology::Vnode, resp::Version> floors_;
  std::map<topology::Vnode, resp::Version> settled_floors_;
  mutable std::vector<uint64_t> live_keys_ = std::vector<uint64_t>(kNamespacesMax);
  bool open_ = false;
  size_t writes_ = 0;
  size_t bytes_ = 0;
};

}  // namespace doris::testing

// MemTable: records in memory, in the order of their keys, whose changes can be undone up to
// the last settle().
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/store.h"

namespace doris::testing {

struct MemRecord {
  server::RecordHeader header;
  std::string value;

  [[nodiscard]] server::RecordView view() const { return {header, value}; }
};

class MemTable {
 public:
  // nullptr if absent. find_settled() does not see what undo() would take back.
  [[nodiscard]] const MemRecord* find(const std::string& key) const {
    const auto found = records_.find(key);
    return found == records_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const MemRecord* find_settled(const std::string& key) const {
    const auto changed = before_.find(key);
    if (changed == before_.end()) return find(key);
    return changed->second ? &*changed->second : nullptr;
  }

  // Nothing removes the record.
  void set(const std::string& key, std::optional<MemRecord> record) {
    const MemRecord* const held = find(key);
    before_.try_emplace(key, held == nullptr ? std::nullopt : std::optional(*held));
    replace(key, std::move(record));
  }

  void settle() { before_.clear(); }
  void undo() {
    for (auto& [key, record] : before_)
      replace(key, std::move(record));
    before_.clear();
  }

  // Calls visit(the key behind the prefix, the record) for all keys below `prefix`.
  template <class Visit>
  void for_each(const std::string& prefix, Visit visit) const {
    for (auto at = records_.lower_bound(prefix); below(at, prefix); ++at)
      visit(std::string_view(at->first).substr(prefix.size()), at->second);
  }

  // The same for one page, with the values if they are asked for; returns as Store::scan().
  template <class Visit>
  [[nodiscard]] std::string scan(const std::string& prefix, const server::Page& page,
                                 server::Content content, Visit visit) const {
    const std::string from = prefix + std::string(page.from);
    size_t records = 0;
    size_t bytes = 0;
    for (auto at = records_.upper_bound(from); below(at, prefix); ++at) {
      const std::string_view position = std::string_view(at->first).substr(prefix.size());
      server::RecordView record = at->second.view();
      if (content == server::Content::kHeaders) record.value = {};
      visit(position, record);
      bytes += at->first.size() + record.value.size();
      if (++records >= page.records_max || bytes >= page.bytes_max) return std::string(position);
    }
    return "";
  }

 private:
  using Records = std::map<std::string, MemRecord>;

  [[nodiscard]] bool below(Records::const_iterator at, const std::string& prefix) const {
    return at != records_.end() && at->first.starts_with(prefix);
  }

  void replace(const std::string& key, std::optional<MemRecord> record) {
    if (record) {
      records_.insert_or_assign(key, *std::move(record));
    } else {
      records_.erase(key);
    }
  }

  Records records_;
  std::map<std::string, std::optional<MemRecord>> before_;  // Of the keys changed.
};

}  // namespace doris::testing

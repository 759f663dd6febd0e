// EntryList: entries that wait for something else than a connection, in their order, and what they
// keep in memory. Worker thread only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "router/request.h"

namespace doris::router {

class EntryList {
 public:
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] size_t size() const { return entries_.size(); }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

  void add(const Entry& entry) {
    entries_.push_back(entry);
    bytes_ += bytes_of(entry);
  }

  [[nodiscard]] std::vector<Entry> take_all() {
    bytes_ = 0;
    return std::exchange(entries_, {});
  }

  // Those whose deadline has passed.
  [[nodiscard]] std::vector<Entry> take_overdue(TimePoint now) {
    std::vector<Entry> overdue;
    for (const Entry& entry : take_all()) {
      if (entry.request->deadline <= now) {
        overdue.push_back(entry);
      } else {
        add(entry);
      }
    }
    return overdue;
  }

 private:
  std::vector<Entry> entries_;
  uint64_t bytes_ = 0;
};

}  // namespace doris::router

// What a store holds, page by page, as a test wants to compare it.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "server/store.h"
#include "server/vnode_digests.h"

namespace doris::server {

struct Scanned {
  topology::Vnode vnode;
  std::string key;
  RecordHeader header;
  std::string value;

  bool operator==(const Scanned&) const = default;
};

// All pages that `scan(page, visit)` has. Fails the test on an error.
template <class Scan>
std::vector<Scanned> all_pages(Scan scan, Page page) {
  std::vector<Scanned> records;
  std::string position;
  do {
    page.from = position;
    const size_t before = records.size();
    const Result<std::string> next = scan(page, [&](const KeyRef& key, const RecordView& record) {
      records.push_back(
          {key.vnode, std::string(key.physical_key), record.header, std::string(record.value)});
    });
    INFO(next.status().message());
    REQUIRE(next.ok());
    REQUIRE(records.size() - before <= page.records_max);
    REQUIRE((next->empty() || *next != position));
    position = *next;
  } while (!position.empty());
  return records;
}

constexpr Page kWholePage{.from = {}, .records_max = 1'000'000, .bytes_max = 1UL << 40};

inline std::vector<Scanned> scanned(Store& store, topology::Vnode vnode,
                                    const Page& page = kWholePage,
                                    Content content = Content::kRecords) {
  return all_pages(
      [&](const Page& at, const RecordVisitor& visit) {
        return store.scan(vnode, at, content, visit);
      },
      page);
}

inline std::vector<Scanned> logged(Store& store, topology::NodeId target,
                                   const Page& page = kWholePage) {
  return all_pages(
      [&](const Page& at, const RecordVisitor& visit) { return store.log_scan(target, at, visit); },
      page);
}

// The numbers that a store keeps, made anew from what it holds.
inline VnodeDigest digest_of(const std::vector<Scanned>& records) {
  VnodeDigest digest;
  for (const Scanned& record : records) {
    ++digest.records;
    digest.sum += digest_term(record.header.version, record.key);
  }
  return digest;
}

inline LogStats stats_of(const std::vector<Scanned>& entries) {
  LogStats stats;
  for (const Scanned& entry : entries) {
    ++stats.entries;
    stats.bytes += entry.key.size() + entry.value.size();
  }
  return stats;
}

}  // namespace doris::server

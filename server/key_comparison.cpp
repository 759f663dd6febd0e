#include "server/key_comparison.h"

#include <map>

#include "server/key_space.h"

namespace doris::server {
namespace {

constexpr size_t kScanRecords = 256;
constexpr size_t kScanBytes = 256UL * 1024;

// One page of theirs, which meets the records that are here.
class Comparison {
 public:
  Comparison(const KeyPage& page, int64_t now_ms) : page_(page), now_ms_(now_ms) {
    for (const KeyPage::Item& item : page.items)
      only_theirs_.emplace(item.key, &item);
  }

  [[nodiscard]] bool in_range(const KeyRef& key) const {
    return page_.next.empty() || position_of(key) <= page_.next;
  }

  void meet(const KeyRef& key, const RecordHeader& ours) {
    const auto found = only_theirs_.find(key.physical_key);
    if (found == only_theirs_.end()) {
      const bool below = ours.version < page_.floor;
      if (ours.live(now_ms_) || !below) add_ours(key, ours, below);
      return;
    }
    const KeyPage::Item& theirs = *found->second;
    if (theirs.version < ours.version) add_ours(key, ours, false);
    if (theirs.version > ours.version) add_theirs(theirs);
    only_theirs_.erase(found);
  }

  PageDifferences finish(const resp::Version& our_floor) {
    for (const auto& [key, item] : only_theirs_) {
      if (!item->settled || item->live || item->version >= our_floor) add_theirs(*item);
    }
    return std::move(differences_);
  }

 private:
  void add_theirs(const KeyPage::Item& item) {
    if (item.settled) {
      differences_.theirs.push_back({item.key, item.version});
    } else {
      differences_.coming.push_back({item.key, item.version});
    }
  }
  void add_ours(const KeyRef& key, const RecordHeader& ours, bool below) {
    differences_.ours.push_back({std::string(key.physical_key), ours.version, below});
  }

  const KeyPage& page_;
  const int64_t now_ms_;
  std::map<std::string_view, const KeyPage::Item*> only_theirs_;
  PageDifferences differences_;
};

}  // namespace

Result<PageDifferences> compare_page(Store& store, topology::Vnode vnode, std::string_view from,
                                     const KeyPage& page, int64_t now_ms) {
  Comparison comparison(page, now_ms);
  std::string position(from);
  bool in_range = true;
  do {
    const auto next = store.scan(vnode, {position, kScanRecords, kScanBytes}, Content::kHeaders,
                                 [&](const KeyRef& key, const RecordView& record) {
                                   in_range = in_range && comparison.in_range(key);
                                   if (in_range) comparison.meet(key, record.header);
                                 });
    if (!next.ok()) return next.status();
    position = *next;
  } while (in_range && !position.empty());
  return comparison.finish(store.floor(vnode));
}

}  // namespace doris::server

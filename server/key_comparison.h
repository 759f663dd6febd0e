// KeyComparison: in what the records of a vnode here and those of its other replica differ, page by
// page of VKEYS.
//
//   theirs is newer, or only there    unless it is dead and below our floor: reclaimed here
//     and not settled there             its writer brings it here
//   ours is newer, or only here       unless it is dead and below their floor: reclaimed there
//     and below their floor             they count it as deleted
//
// The page is of a moment ago: before anybody acts on what is "only here", he asks the peer
// (VHELD).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "server/peer_dialect.h"
#include "server/store.h"

namespace doris::server {

struct OurKey {
  std::string key;
  resp::Version version;  // That is held here.
  bool below = false;     // It is only here, and below their floor.
};

struct TheirKey {
  std::string key;
  resp::Version version;  // That is held there.
};

struct PageDifferences {
  std::vector<TheirKey> theirs;  // Newer there.
  std::vector<TheirKey> coming;  // Newer there, and not settled.
  std::vector<OurKey> ours;      // Newer here.
};

// Compares what `store` holds of the page's range, which begins behind `from`, with the page.
// `now_ms` judges which records of ours are dead. Errors are the store's.
Result<PageDifferences> compare_page(Store& store, topology::Vnode vnode, std::string_view from,
                                     const KeyPage& page, int64_t now_ms);

}  // namespace doris::server

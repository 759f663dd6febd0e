#include "admin/watcher_list.h"

namespace doris::admin {

void WatcherList::polled(const std::string& address, topology::Epoch epoch, Millis wait,
                         TimePoint now) {
  if (watchers_.size() >= kWatchersMax) forget_old(now);
  if (watchers_.size() >= kWatchersMax && !watchers_.contains(address)) return;
  watchers_[address] = {address, epoch, now + wait + kGrace};
}

std::vector<Watcher> WatcherList::list(TimePoint now) {
  forget_old(now);
  std::vector<Watcher> all;
  for (const auto& [address, watcher] : watchers_)
    all.push_back(watcher);
  return all;
}

void WatcherList::forget_old(TimePoint now) {
  std::erase_if(watchers_, [now](const auto& entry) { return entry.second.until <= now; });
}

}  // namespace doris::admin

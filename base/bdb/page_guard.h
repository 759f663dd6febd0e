// The page guard: makes a page of zeros count as damaged.
//
// Berkeley DB takes a page of zeros for one that was never written, and passes over its
// checksum: a search that meets one finds no key, or a value of garbage. Disks do lose
// pages that way. Outside recovery no such page is ever read, since a page is written
// before it leaves the cache. So the guard spoils what was read, and the checksum
// tells; within recovery a hole in a file that has just grown is what it seems.
#pragma once

namespace doris::bdb {

// Called before an environment is opened, any number of times.
void install_page_guard();

// Lets this thread read pages of zeros for its lifetime.
class RecoveryScope {
 public:
  RecoveryScope();
  ~RecoveryScope();
  RecoveryScope(const RecoveryScope&) = delete;
  RecoveryScope& operator=(const RecoveryScope&) = delete;
};

}  // namespace doris::bdb

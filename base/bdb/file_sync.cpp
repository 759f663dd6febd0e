#include "base/bdb/file_sync.h"

#include <db.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <utility>

#include "base/check.h"

namespace doris::bdb {
namespace {

int call_fdatasync(int fd) {
  return ::fdatasync(fd) == 0 ? 0 : errno;
}

std::atomic<SyncFunction> fdatasync_function{call_fdatasync};

thread_local bool sync_failed = false;

// Interrupted is not failed, so that is tried again. A full disk is reported as an
// input/output error: what fdatasync could not write is gone, while ENOSPC invites to go on.
int sync_once(int fd) {
  if (sync_failed) return EIO;
  int error = EINTR;
  while (error == EINTR)
    error = fdatasync_function.load()(fd);
  if (error == 0) return 0;
  sync_failed = true;
  return error == ENOSPC || error == EDQUOT ? EIO : error;
}

}  // namespace

void install_file_sync() {
  static std::once_flag once;
  std::call_once(once, [] {
    DORIS_CHECK(db_env_set_func_fsync(sync_once) == 0, "Berkeley DB took no fsync function");
  });
}

bool take_sync_failure() {
  return std::exchange(sync_failed, false);
}

void replace_fdatasync(SyncFunction function) {
  fdatasync_function.store(function == nullptr ? call_fdatasync : function);
}

}  // namespace doris::bdb

// How Berkeley DB forces a file to the disk: through here, and never again after a failure.
//
// The kernel marks the pages of a failed write as clean, so that a second fsync succeeds
// although the data is gone (Rebello et al., "Can Applications Recover from fsync
// Failures?", USENIX ATC 2020). Berkeley DB does not know that: it tries an fdatasync that
// failed with EIO up to a hundred times, and once more when it turns a failed commit into
// an abort. Here the first failure is remembered in the thread that saw it, and every
// further sync of that thread fails without a try, until take_sync_failure() has made
// the environment's end of it.
#pragma once

namespace doris::bdb {

// Returns 0 or an errno value. Any thread.
using SyncFunction = int (*)(int fd);

// Makes Berkeley DB use this file's rule. Called before an environment is opened, any
// number of times.
void install_file_sync();

// Whether a sync has failed in this thread since the last call.
[[nodiscard]] bool take_sync_failure();

// What stands in for fdatasync(2) below the rule; nullptr for the real one. The seam of
// the tests that let a disk fail.
void replace_fdatasync(SyncFunction function);

}  // namespace doris::bdb

#include "base/net/file_limit.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

namespace doris::net {

Status raise_file_limit(uint64_t files) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return Status::from_errno(errno, "getrlimit");
  if (limit.rlim_cur >= files) return Status::okay();
  const rlim_t hard = limit.rlim_max;
  limit.rlim_cur = files;
  limit.rlim_max = std::max<rlim_t>(hard, files);
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return Status::okay();
  return Status::io(
      fmt::format("{} open files are needed, but the system allows {}; allow more ('ulimit -n {}' "
                  "as root, or LimitNOFILE={} in the systemd unit), or lower maxclients",
                  files, hard, files, files));
}

FileLimits file_limits() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {UINT64_MAX, UINT64_MAX};
  return {limit.rlim_cur, limit.rlim_max};
}

}  // namespace doris::net

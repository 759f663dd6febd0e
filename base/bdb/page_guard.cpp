#include "base/bdb/page_guard.h"

#include <db.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <mutex>
#include <string_view>

#include "base/bdb/page_bytes.h"
#include "base/check.h"

namespace doris::bdb {
namespace {

thread_local bool recovering = false;

bool is_zero(const char* bytes, size_t count) {
  // A page starts with the log position of its last change; that settles all but damage.
  return bytes[0] == 0 && std::memcmp(bytes, bytes + 1, count - 1) == 0;
}

// The end of a log file is a hole, and may be read in any piece.
bool is_database(int fd) {
  char path[4096];
  const ssize_t length = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), path, sizeof path);
  return length > 0 && std::string_view(path, static_cast<size_t>(length)).ends_with(".db");
}

ssize_t guarded_pread(int fd, void* buffer, size_t bytes, off_t offset) {
  const ssize_t got = ::pread(fd, buffer, bytes, offset);
  if (got != kPageBytes || recovering || !is_zero(static_cast<char*>(buffer), kPageBytes))
    return got;
  if (is_database(fd)) std::memset(buffer, 0xFF, kPageBytes);
  return got;
}

}  // namespace

void install_page_guard() {
  static std::once_flag once;
  std::call_once(once, [] {
    DORIS_CHECK(db_env_set_func_pread(guarded_pread) == 0, "Berkeley DB took no pread function");
  });
}

RecoveryScope::RecoveryScope() {
  recovering = true;
}
RecoveryScope::~RecoveryScope() {
  recovering = false;
}

}  // namespace doris::bdb

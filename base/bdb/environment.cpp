#include "base/bdb/environment.h"

#include <db.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>

#include "base/bdb/file_sync.h"
#include "base/bdb/page_guard.h"
#include "base/bdb/recovery_room.h"
#include "base/log.h"

namespace doris::bdb {
namespace {

constexpr uint64_t kMegabyte = 1024ULL * 1024;
constexpr uint64_t kGigabyte = 1024 * kMegabyte;
constexpr uint32_t kTransactionsMax = 2000;
constexpr int kFileMode = 0640;
constexpr uint32_t kOpenFlags =
    DB_CREATE | DB_PRIVATE | DB_THREAD | DB_INIT_MPOOL | DB_INIT_LOG | DB_INIT_TXN | DB_RECOVER;

const Log kLog("bdb");

Code code_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return Code::kNoSpace;
    case DB_RUNRECOVERY:
    case DB_CHKSUM_FAIL:
    case DB_PAGE_NOTFOUND:
    case DB_VERIFY_BAD:
      return Code::kCorrupt;
    default:
      return Code::kIo;
  }
}

}  // namespace

Environment::Environment(Options options, DirectoryLock lock)
    : options_(std::move(options)), lock_(std::move(lock)) {}

Result<std::unique_ptr<Environment>> Environment::open(const Options& options) {
  DORIS_CHECK(options.cache_bytes >= kMegabyte, "a cache of 1 MiB or more");
  DORIS_CHECK(options.log_file_bytes >= kMegabyte && options.log_file_bytes < 4 * kGigabyte,
              "log files of 1 MiB or more, below 4 GiB");
  DORIS_CHECK(options.log_buffer_bytes < options.log_file_bytes / 4,
              "a log buffer well below the log file's size");
  install_file_sync();
  install_page_guard();
  Result<DirectoryLock> lock = DirectoryLock::acquire(options.directory);
  if (!lock.ok()) return lock.status();
  DORIS_RETURN_IF_ERROR(check_recovery_room(options.directory));

  std::unique_ptr<Environment> opened(new Environment(options, *std::move(lock)));
  DORIS_RETURN_IF_ERROR(opened->configure());
  const RecoveryScope recovery;
  const int error =
      opened->env_->open(opened->env_, options.directory.c_str(), kOpenFlags, kFileMode);
  if (error == 0) return opened;
  // Recovery has no use for a log that it cannot follow, whatever Berkeley DB calls that.
  const Status status = opened->error(error, "recovery of " + options.directory);
  const bool damaged = status.code() == Code::kIo && (error == EINVAL || error < 0);
  return damaged ? Status::corrupt(status.message()) : status;
}

Status Environment::configure() {
  const int created = db_env_create(&env_, 0);
  if (created != 0) return Status::io(db_strerror(created)).prefixed(options_.directory);
  env_->app_private = this;
  env_->set_errcall(env_, &Environment::on_message);
  int error = env_->set_event_notify(env_, &Environment::on_event);
  if (error == 0) {
    error = env_->set_cachesize(env_, static_cast<uint32_t>(options_.cache_bytes / kGigabyte),
                                static_cast<uint32_t>(options_.cache_bytes % kGigabyte), 1);
  }
  if (error == 0) error = env_->set_lg_max(env_, static_cast<uint32_t>(options_.log_file_bytes));
  if (error == 0)
    error = env_->set_lg_bsize(env_, static_cast<uint32_t>(options_.log_buffer_bytes));
  if (error == 0) error = env_->log_set_config(env_, DB_LOG_AUTO_REMOVE, 1);
  if (error == 0) error = env_->set_tx_max(env_, kTransactionsMax);
  return outcome(error, options_.directory);
}

Environment::~Environment() {
  if (env_ == nullptr) return;
  if (!panicked()) {
    // It only spares the next open() its recovery, so that an error costs time, not data.
    const Status status = checkpoint();
    if (!status.ok())
      kLog.warning("{}: closing without a checkpoint: {}", directory(), status.message());
  }
  const int closed = env_->close(env_, 0);
  if (closed != 0 && !panicked()) kLog.warning("{}: closing: {}", directory(), db_strerror(closed));
}

Status Environment::checkpoint() {
  return outcome(env_->txn_checkpoint(env_, 0, 0, 0), "checkpoint of " + directory());
}

Status Environment::flush_log() {
  return outcome(env_->log_flush(env_, nullptr), "log of " + directory());
}

uint64_t Environment::log_bytes_since_checkpoint() const {
  DB_LOG_STAT* stat = nullptr;
  if (panicked() || env_->log_stat(env_, &stat, 0) != 0) return 0;
  const uint64_t bytes = stat->st_wc_mbytes * kMegabyte + stat->st_wc_bytes;
  std::free(stat);
  return bytes;
}

uint64_t Environment::synced_lsn() const {
  DB_LOG_STAT* stat = nullptr;
  if (panicked() || env_->log_stat(env_, &stat, 0) != 0) return 0;
  const uint64_t lsn = uint64_t{stat->st_disk_file} << 32 | stat->st_disk_offset;
  std::free(stat);
  return lsn;
}

void Environment::on_message(const __db_env* env, const char* /*prefix*/, const char* message) {
  auto* self = static_cast<Environment*>(env->app_private);
  self->messages_.add(message, self->directory(), std::chrono::steady_clock::now());
}

void Environment::on_event(__db_env* env, uint32_t event, void* /*info*/) {
  if (event != DB_EVENT_PANIC) return;
  auto* self = static_cast<Environment*>(env->app_private);
  if (self->panicked_.exchange(true)) return;
  kLog.error("{}: Berkeley DB has found damage and does no more until a restart",
             self->directory());
}

void Environment::panic() {
  if (panicked_.exchange(true)) return;
  kLog.error("{}: a file could not be synced; no more is done here until a restart", directory());
  (void)env_->set_flags(env_, DB_PANIC_ENVIRONMENT, 1);
}

Status Environment::outcome(int code, std::string_view what) {
  // A sync may have failed in a corner from where Berkeley DB does not report it.
  const bool sync_failed = take_sync_failure();
  if (sync_failed) panic();
  if (code == 0 && !sync_failed) return Status::okay();
  std::string message(what);
  message += ": ";
  const std::string words = messages_.take();
  message += words.empty() ? db_strerror(code) : words;
  return {panicked() ? Code::kCorrupt : code_of(code), std::move(message)};
}

Status Environment::error(int code, std::string_view what) {
  DORIS_CHECK(code != 0, "an error has a code");
  return outcome(code, what);
}

}  // namespace doris::bdb

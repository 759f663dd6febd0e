// OpenStore: a BdbStore in a directory, which a test can close and open again, and short
// ways to write and read it.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/bdb_store.h"

namespace doris::server {

inline BdbStore::Options small_options(const std::string& directory) {
  return {.environment = {.directory = directory,
                          .cache_bytes = 16UL << 20,
                          .log_file_bytes = 4UL << 20,
                          .log_buffer_bytes = 256UL << 10}};
}

inline resp::Version version_at(uint64_t hlc, uint32_t writer = 1) {
  return {1, hlc, writer};
}

inline Write value_write(uint64_t hlc, std::string_view value) {
  return {.header = {.version = version_at(hlc)}, .value = value};
}

inline Write tombstone(uint64_t hlc) {
  return {.header = {.version = version_at(hlc), .tombstone = true}, .value = {}};
}

class OpenStore {
 public:
  static constexpr int64_t kNow = 1'700'000'000'000;

  explicit OpenStore(const std::string& directory) : OpenStore(small_options(directory)) {}
  explicit OpenStore(BdbStore::Options options) : options_(std::move(options)) { open(); }

  void open() {
    auto store = BdbStore::open(options_);
    INFO(store.status().message());
    REQUIRE(store.ok());
    store_ = *std::move(store);
  }
  void close() { store_.reset(); }
  void reopen() {
    close();
    open();
  }

  BdbStore& operator*() { return *store_; }
  BdbStore* operator->() { return store_.get(); }

  Result<WriteResult> write(std::string_view key, const Write& write, Role role = Role::kPrimary) {
    return store_->write({kVnode, key}, write, role, kNow);
  }

  // One write in a batch of its own.
  Status put(std::string_view key, std::string_view value, uint64_t hlc) {
    const auto written = write(key, value_write(hlc, value));
    if (!written.ok()) {
      store_->abort();
      return written.status();
    }
    return store_->commit();
  }

  // The value of a key; nothing if it is absent or deleted. Fails the test on an error.
  std::optional<std::string> get(std::string_view key) {
    const auto record = store_->read({kVnode, key});
    INFO(record.status().message());
    REQUIRE(record.ok());
    if (!*record || (*record)->header.tombstone) return std::nullopt;
    return std::string((*record)->value);
  }

 private:
  static constexpr topology::Vnode kVnode = 7;

  const BdbStore::Options options_;
  std::unique_ptr<BdbStore> store_;
};

}  // namespace doris::server

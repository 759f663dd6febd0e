// MemStore: a Store in memory whose disk can fail on demand.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "server/key_space.h"
#include "server/store.h"
#include "server/write_rule.h"

namespace doris::testing {

class MemStore final : public server::Store {
 public:
  // What goes wrong. Each stays until the test takes it back.
  Status commit_error;           // Of every commit() of a batch with writes.
  size_t writes_max = SIZE_MAX;  // Of one batch; the next one finds the disk full.
  Status read_error;             // Of every read().
  bool is_offline = false;

  // Called at each commit() of an open batch, before it takes effect.
  std::function<void()> on_commit;

  std::vector<size_t> batches;  // The number of writes of each batch committed.
  int aborts = 0;               // Of open batches.

  Result<std::optional<server::RecordView>> read(const server::KeyRef& key) override {
    DORIS_RETURN_IF_ERROR(read_error);
    const Held* const held = find(key);
    if (held == nullptr) return std::optional<server::RecordView>();
    return std::optional(server::RecordView{held->header, held->value});
  }

  Result<std::optional<server::RecordHeader>> read_header(const server::KeyRef& key) override {
    DORIS_RETURN_IF_ERROR(read_error);
    const Held* const held = find(key);
    return held == nullptr ? std::optional<server::RecordHeader>() : std::optional(held->header);
  }

  Result<server::WriteResult> write(const server::KeyRef& key, const server::Write& write,
                                    server::Role role, int64_t now_ms) override {
    open_ = true;
    if (writes_ >= writes_max) return Status::no_space("no room for a write");
    const Held* const held = find(key);
    const std::optional<server::RecordHeader> header =
        held == nullptr ? std::nullopt : std::optional(held->header);
    const bool existed = header && header->live(now_ms);
    const server::Decision decision = server::decide(header, write.header.version, role);
    const bool applied = decision.verdict != server::Verdict::kKeep;
    if (applied) {
      Held& written = batch_[stored(key)];
      written = {write.header, std::string(write.value)};
      written.header.version = decision.version;
      ++writes_;
      bytes_ += write.value.size();
      count(server::namespace_of(key.physical_key), existed, !write.header.tombstone);
    }
    return server::WriteResult{existed, applied, decision.version};
  }

  [[nodiscard]] size_t batch_writes() const override { return writes_; }
  [[nodiscard]] size_t batch_bytes() const override { return bytes_; }

  Status commit() override {
    if (!open_) return Status::okay();
    if (on_commit) on_commit();
    if (writes_ > 0 && !commit_error.ok()) {
      abort();
      return commit_error;
    }
    if (writes_ > 0) batches.push_back(writes_);
    for (auto& [key, held] : batch_)
      committed_[key] = std::move(held);
    counts_kept_ = counts_;
    end();
    return Status::okay();
  }

  void abort() override {
    if (!open_) return;
    ++aborts;
    counts_ = counts_kept_;
    end();
  }

  [[nodiscard]] const std::vector<uint64_t>& live_keys() const override { return counts_; }
  [[nodiscard]] bool offline() const override { return is_offline; }

  // Whether a batch waits for its commit.
  [[nodiscard]] bool open() const { return open_; }

  // The committed value of a key; "" if there is none.
  [[nodiscard]] std::string committed(const server::KeyRef& key) const {
    const auto found = committed_.find(stored(key));
    return found == committed_.end() ? "" : found->second.value;
  }

 private:
  struct Held {
    server::RecordHeader header;
    std::string value;
  };

  static std::string stored(const server::KeyRef& key) {
    std::string bytes;
    server::encode_stored_key(key, bytes);
    return bytes;
  }

  [[nodiscard]] const Held* find(const server::KeyRef& key) const {
    const std::string bytes = stored(key);
    if (const auto found = batch_.find(bytes); found != batch_.end()) return &found->second;
    const auto found = committed_.find(bytes);
    return found == committed_.end() ? nullptr : &found->second;
  }

  void count(uint32_t name_space, bool existed, bool exists) {
    if (exists && !existed) ++counts_[name_space];
    if (!exists && existed) --counts_[name_space];
  }

  void end() {
    open_ = false;
    batch_.clear();
    writes_ = bytes_ = 0;
  }

  std::map<std::string, Held> committed_;
  std::map<std::string, Held> batch_;
  std::vector<uint64_t> counts_ = std::vector<uint64_t>(kNamespacesMax);
  std::vector<uint64_t> counts_kept_ = counts_;
  bool open_ = false;
  size_t writes_ = 0;
  size_t bytes_ = 0;
};

}  // namespace doris::testing

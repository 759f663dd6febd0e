// Two stores that share nothing but the seam, Berkeley DB's and the tests' own in memory,
// are given the same load. Whatever they are asked, they say the same.
#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/random.h"
#include "tests/base/scratch_directory.h"
#include "tests/server/open_store.h"
#include "tests/server/scanned.h"
#include "tests/support/mem_store.h"

namespace doris::server {
namespace {

// Of each kind some whose numbers share a slot of the ledger, and some that do not.
constexpr topology::Vnode kVnodes[] = {0, 7, 8, 7 + Ledger::kSlots, 7 + 2 * Ledger::kSlots};
constexpr topology::NodeId kTargets[] = {1, 2, 2 + Ledger::kSlots};

class Twins {
 public:
  Twins(const std::string& directory, Random& random) : disk_(directory), random_(random) {}

  // One operation on both.
  void step() {
    ++now_;
    const uint64_t dice = random_.below(100);
    if (dice < 60) return write();
    if (dice < 75) return log_write();
    if (dice < 83) return log_drop();
    if (dice < 84) return log_clear();
    if (dice < 86) return reclaim();
    if (dice < 87) return drop();
    if (dice < 97) return commit();
    abort();
  }

  void reopen() {
    abort();
    disk_.reopen();
  }

  void check_equal() {
    const Page page{.records_max = 1 + random_.below(200), .bytes_max = 1 + random_.below(50'000)};
    for (const topology::Vnode vnode : kVnodes) {
      const std::vector<Scanned> records = scanned(*disk_, vnode, page);
      REQUIRE((records == scanned(mem_, vnode)));
      REQUIRE(disk_->digest(vnode) == digest_of(records));
      REQUIRE(disk_->digest(vnode) == mem_.digest(vnode));
      REQUIRE((disk_->floor(vnode) == mem_.floor(vnode)));
    }
    for (const topology::NodeId target : kTargets) {
      const std::vector<Scanned> entries = logged(*disk_, target, page);
      REQUIRE((entries == logged(mem_, target)));
      REQUIRE(disk_->log_stats(target) == stats_of(entries));
      REQUIRE(disk_->log_stats(target) == mem_.log_stats(target));
    }
    REQUIRE((disk_->live_keys() == mem_.live_keys()));
    REQUIRE((disk_->log_targets() == mem_.log_targets()));
  }

 private:
  template <class Call>
  void both(Call call) {
    const auto disk = call(static_cast<Store&>(*disk_));
    const auto mem = call(static_cast<Store&>(mem_));
    INFO(disk.status().message());
    REQUIRE(disk.ok());
    REQUIRE(mem.ok());
    REQUIRE((*disk == *mem));
    REQUIRE(disk_->batch_writes() == mem_.batch_writes());
    REQUIRE(disk_->batch_bytes() == mem_.batch_bytes());
  }

  void write() {
    const Write write = make_write();
    const KeyRef key = make_key();
    const Role role = random_.below(2) == 0 ? Role::kPrimary : Role::kSecondary;
    both([&](Store& store) {
      return flat(store.write(key, write, role, static_cast<int64_t>(now_)));
    });
  }
  void log_write() {
    const Write write = make_write();
    const KeyRef key = make_key();
    const topology::NodeId target = make_target();
    both([&](Store& store) { return store.log_grows(target, key, write); });
    both([&](Store& store) { return flat(store.log_write(target, key, write)); });
  }
  void log_drop() {
    const KeyRef key = make_key();
    const topology::NodeId target = make_target();
    const resp::Version version = version_at(make_hlc());
    both([&](Store& store) { return store.log_drop(target, key, version); });
  }
  void log_clear() {
    const topology::NodeId target = make_target();
    const size_t records_max = 1 + random_.below(100);
    both([&](Store& store) { return store.log_clear(target, records_max); });
  }
  void reclaim() {
    const topology::Vnode vnode = kVnodes[random_.below(std::size(kVnodes))];
    const Page page{.from = position_, .records_max = 1 + random_.below(20), .bytes_max = 1'000};
    const resp::Version floor = version_at(make_hlc(), 0);
    const auto expired_by = static_cast<int64_t>(now_);
    std::string next;
    both([&](Store& store) -> Result<std::string> {
      DORIS_RETURN_IF_ERROR(store.raise_floor(vnode, floor));
      auto result = store.reclaim(vnode, page, expired_by);
      if (result.ok()) next = *result;
      return result;
    });
    position_ = next;
  }

  void drop() {
    const KeyRef key = make_key();
    const resp::Version floor = version_at(make_hlc());
    both([&](Store& store) { return store.drop(key, floor); });
  }

  void commit() {
    REQUIRE(disk_->commit().ok());
    REQUIRE(mem_.commit().ok());
  }
  void abort() {
    disk_->abort();
    mem_.abort();
  }

  // What can be compared.
  using Flat = std::tuple<bool, bool, resp::Version, resp::Version>;
  static Result<Flat> flat(const Result<WriteResult>& result) {
    if (!result.ok()) return result.status();
    return Flat{result->existed, result->applied, result->version, result->before};
  }

  topology::NodeId make_target() { return kTargets[random_.below(std::size(kTargets))]; }
  uint64_t make_hlc() { return now_ - std::min(now_, random_.below(400)); }
  KeyRef make_key() {
    const uint64_t name_space = random_.below(4);
    key_ = name_space == 0 ? "" : std::to_string(name_space) + ":";
    key_ += "key" + std::to_string(random_.below(50));
    return {kVnodes[random_.below(std::size(kVnodes))], key_};
  }
  Write make_write() {
    Write write;
    write.header.version = version_at(make_hlc(), static_cast<uint32_t>(random_.below(3)));
    write.header.tombstone = random_.below(4) == 0;
    if (random_.below(5) == 0)
      write.header.expires_at_ms = static_cast<int64_t>(now_ + random_.below(2'000));
    value_.assign(write.header.tombstone ? 0 : random_.below(random_.below(50) == 0 ? 9'000 : 200),
                  'v');
    write.value = value_;
    return write;
  }

  OpenStore disk_;
  testing::MemStore mem_;
  Random& random_;
  uint64_t now_ = 0;      // Clock of versions and of expiries alike.
  std::string position_;  // Where the last reclaim ended, of whichever vnode.
  std::string key_;
  std::string value_;
};

TEST_CASE("50000 random operations with aborts and reopenings: two kinds of store agree") {
  const ScratchDirectory directory;
  const uint64_t seed = Random::entropy();
  INFO("seed " << seed);
  Random random(seed);
  Twins twins(directory.file("s"), random);
  for (int i = 1; i <= 50'000; ++i) {
    twins.step();
    if (i % 500 == 0) twins.check_equal();
    if (random.below(1'000) == 0) {
      twins.reopen();
      twins.check_equal();
    }
  }
  twins.reopen();
  twins.check_equal();
}

}  // namespace
}  // namespace doris::server

#include "tests/sim/sim_disk.h"

#include <catch2/catch.hpp>

namespace doris::sim {
namespace {

// A disk of one shard, and the store that a process has on it.
class OneDisk {
 public:
  explicit OneDisk(bool sync_each_commit) : disk_(1, sync_each_commit) { restart(); }

  void write(const std::string& value, bool commit) {
    server::Write write{};
    write.header.version = {1, ++clock_, 1};
    write.value = value;
    REQUIRE(store_->write(kKey, write, server::Role::kPrimary, 0).ok());
    if (commit) REQUIRE(store_->commit().ok());
  }
  [[nodiscard]] std::string read() {
    const auto record = store_->read(kKey);
    REQUIRE(record.ok());
    return record->has_value() ? std::string((*record)->value) : "nothing";
  }
  void crash(SimDisk::Crash how) {
    disk_.crash(how);
    REQUIRE(store_->commit().ok());  // What a process does after its death has no effect.
    store_.reset();
    restart();
  }

 protected:
  void restart() { store_ = std::make_unique<SimStore>(disk_, 0); }

  const server::KeyRef kKey{3, "key"};
  SimDisk disk_;
  std::unique_ptr<SimStore> store_;
  uint64_t clock_ = 0;
};

TEST_CASE("a process that dies leaves what it had committed") {
  OneDisk disk(GENERATE(true, false));
  disk.write("committed", true);
  disk.write("open", false);
  disk.crash(SimDisk::Crash::kProcess);
  CHECK(disk.read() == "committed");
}

TEST_CASE("without power only what was synced is left") {
  SECTION("each commit is") {
    OneDisk disk(true);
    disk.write("first", true);
    disk.write("second", true);
    disk.crash(SimDisk::Crash::kPower);
    CHECK(disk.read() == "second");
  }
  SECTION("each second is") {
    class Synced : public OneDisk {
     public:
      Synced() : OneDisk(false) {}
      void sync() { disk_.sync(); }
    } disk;
    disk.crash(SimDisk::Crash::kPower);
    CHECK(disk.read() == "nothing");
    disk.write("first", true);
    disk.sync();
    disk.write("second", true);
    disk.write("open", false);
    disk.crash(SimDisk::Crash::kPower);
    CHECK(disk.read() == "first");
  }
}

}  // namespace
}  // namespace doris::sim

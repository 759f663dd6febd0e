// Full disks: writes fail alone, nothing is lost, and a restart waits for room.
#include "tests/base/scratch_directory.h"
#include "tests/bdb/open_database.h"
#include "tests/support/child.h"
#include "tests/support/small_disk.h"

namespace doris::bdb {
namespace {

TEST_CASE("on a full disk puts fail for want of room, gets go on, and puts resume") {
  const ScratchDirectory directory;
  SmallDisk disk(directory.file(""), 64);
  if (!disk.mounted()) {
    WARN("SKIPPED: mounting a file system needs root");
    return;
  }
  OpenDatabase db(directory.file("env"));
  const std::string value(5000, 'v');
  int put = 0;
  for (; put < 200; ++put)
    REQUIRE(db.put("key" + std::to_string(put), value).ok());
  disk.fill_but(256 * 1024);
  Status status = Status::okay();
  for (; put < 2000 && status.ok(); ++put)
    status = db.put("key" + std::to_string(put), value);
  CHECK(status.code() == Code::kNoSpace);
  CHECK_FALSE(db.env().panicked());
  const int refused = --put;
  CHECK(db.get("key" + std::to_string(refused)) == std::nullopt);
  for (int i = 0; i < refused; ++i)
    REQUIRE(db.get("key" + std::to_string(i)) == value);
  CHECK(db.env().checkpoint().code() == Code::kNoSpace);

  disk.free_room();
  CHECK(db.put("key" + std::to_string(refused), value).ok());
  CHECK(db.env().checkpoint().ok());
  db.close();
  db.open();
  for (int i = 0; i <= refused; ++i)
    REQUIRE(db.get("key" + std::to_string(i)) == value);
}

TEST_CASE("recovery on a full disk is refused without harm, and succeeds with room") {
  const ScratchDirectory directory;
  SmallDisk disk(directory.file(""), 64);
  if (!disk.mounted()) {
    WARN("SKIPPED: mounting a file system needs root");
    return;
  }
  const std::string path = directory.file("env");
  Child child([&](int pipe) {
    OpenDatabase db(path);
    for (int i = 0; i < 1000; ++i)
      if (!db.put("key" + std::to_string(i), std::string(1000, 'v')).ok()) return 1;
    if (::write(pipe, "x", 1) != 1) return 1;
    return ::pause();
  });
  char byte;
  REQUIRE(child.read_byte(byte));
  child.kill();
  disk.fill_but(128 * 1024);

  for (int i = 0; i < 2; ++i) {
    const auto env = Environment::open(small_options(path));
    CHECK(env.code() == Code::kNoSpace);
    CHECK_THAT(env.status().message(), Catch::Contains(path) && Catch::Contains("free"));
  }
  disk.free_room();
  OpenDatabase db(path);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(db.get("key" + std::to_string(i)) == std::string(1000, 'v'));
}

}  // namespace
}  // namespace doris::bdb

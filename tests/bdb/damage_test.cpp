// Files that rot: an error that names the file, never a wrong value.
#include "tests/support/damage.h"

#include <filesystem>

#include "tests/base/scratch_directory.h"
#include "tests/bdb/open_database.h"
#include "tests/support/child.h"

namespace doris::bdb {
namespace {

namespace fs = std::filesystem;

// Distinct text, so that a wrong value would be seen.
std::string value_of(int i) {
  return "value-" + std::to_string(i) + "-" + std::string(200, static_cast<char>('a' + i % 26));
}

void fill(OpenDatabase& db, int keys) {
  for (int i = 0; i < keys; ++i)
    REQUIRE(db.put("key" + std::to_string(i), value_of(i)).ok());
}

// Reads all keys; how many could not be read. A wrong value fails the test.
int unreadable(OpenDatabase& db, int keys, std::string& message) {
  int count = 0;
  std::string value;
  for (int i = 0; i < keys; ++i) {
    const auto found = db.database().get(nullptr, "key" + std::to_string(i), value);
    if (found.ok()) {
      REQUIRE(*found);
      REQUIRE(value == value_of(i));
    } else {
      CHECK(found.code() == Code::kCorrupt);
      if (count++ == 0) message = found.status().message();
    }
  }
  return count;
}

// What a killed process leaves: the log has what the files do not.
void fill_in_a_killed_process(const std::string& path, int keys) {
  Child child([&](int pipe) {
    OpenDatabase db(path);
    fill(db, keys);
    if (::write(pipe, "x", 1) != 1) return 1;
    return ::pause();
  });
  char byte;
  REQUIRE(child.read_byte(byte));
}

TEST_CASE("a flipped bit in a page is found, named, and never read as a value") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  fill(db, 1000);
  db.close();
  const std::string file = directory.file("env/data.db");
  const auto offsets = offsets_of(file, "value-500-");
  REQUIRE_FALSE(offsets.empty());
  flip_bit(file, offsets.front() + 20);

  db.open();
  std::string message;
  CHECK(unreadable(db, 1000, message) > 0);
  CHECK_THAT(message, Catch::Contains("data.db"));
  CHECK(db.env().panicked());
  CHECK(db.put("more", "x").code() == Code::kCorrupt);
}

TEST_CASE("a page of zeros is found, whichever it is, and hides no key") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  fill(db, 300);
  db.close();
  const std::string file = directory.file("env/data.db");
  const std::string good = directory.read("env/data.db");
  constexpr size_t kPageBytes = 8192;
  for (size_t page = 1; page < good.size() / kPageBytes; ++page) {
    std::string bad = good;
    bad.replace(page * kPageBytes, kPageBytes, kPageBytes, '\0');
    directory.write("env/data.db", bad);
    db.open();
    std::string message;
    CHECK(unreadable(db, 300, message) > 0);
    CHECK_THAT(message, Catch::Contains("data.db"));
    db.close();
  }
}

TEST_CASE("a database whose first page is zeros is not taken for a new one") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  fill(db, 300);
  db.close();
  std::string bad = directory.read("env/data.db");
  bad.replace(0, 8192, 8192, '\0');
  directory.write("env/data.db", bad);
  auto env = Environment::open(small_options(directory.file("env")));
  REQUIRE(env.ok());
  const auto opened = Database::open(**env, "data.db");
  CHECK(opened.code() == Code::kCorrupt);
  CHECK_THAT(opened.status().message(), Catch::Contains("data.db"));
}

TEST_CASE("a database file that was cut is not read beyond its end") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  fill(db, 300);
  db.close();
  const std::string file = directory.file("env/data.db");
  fs::resize_file(file, fs::file_size(file) / 2 / 8192 * 8192);
  db.open();
  std::string message;
  CHECK(unreadable(db, 300, message) > 0);
  CHECK_THAT(message, Catch::Contains("data.db"));
}

TEST_CASE("a file whose first page makes no sense is refused by name") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  fill(db, 10);
  db.close();
  const std::string file = directory.file("env/data.db");
  for (size_t offset = 0; offset < 64; ++offset)
    flip_bit(file, offset);
  auto env = Environment::open(small_options(directory.file("env")));
  REQUIRE(env.ok());
  const auto opened = Database::open(**env, "data.db");
  CHECK(opened.code() == Code::kCorrupt);
  CHECK_THAT(opened.status().message(), Catch::Contains("data.db"));
}

TEST_CASE("a torn end of the log loses the transaction that it tore, and no other") {
  const ScratchDirectory directory;
  const std::string path = directory.file("env");
  fill_in_a_killed_process(path, 200);
  const std::string log = path + "/log.0000000001";
  const size_t cut = GENERATE(1UL, 7UL, 40UL);
  fs::resize_file(log, end_of_data(log) - cut);

  OpenDatabase db(path);
  for (int i = 0; i < 199; ++i)
    REQUIRE(db.get("key" + std::to_string(i)) == value_of(i));
  CHECK(db.get("key199") == std::nullopt);
  REQUIRE(db.put("key199", "anew").ok());
}

TEST_CASE("damage in a log file that recovery needs is refused") {
  const ScratchDirectory directory;
  const std::string path = directory.file("env");
  fill_in_a_killed_process(path, 20'000);  // More than one log file.
  REQUIRE(fs::exists(path + "/log.0000000002"));
  const std::string log = path + "/log.0000000001";
  const auto offsets = offsets_of(log, "value-1000-");
  REQUIRE_FALSE(offsets.empty());
  flip_bit(log, offsets.front());

  const auto env = Environment::open(small_options(path));
  CHECK(env.code() == Code::kCorrupt);
  CHECK_THAT(env.status().message(), Catch::Contains(path));
}

TEST_CASE("damage in the last log file looks like its torn end, and makes no value wrong") {
  const ScratchDirectory directory;
  const std::string path = directory.file("env");
  fill_in_a_killed_process(path, 2000);
  const std::string log = path + "/log.0000000001";
  const auto offsets = offsets_of(log, "value-1000-");
  REQUIRE_FALSE(offsets.empty());
  flip_bit(log, offsets.front());

  OpenDatabase db(path);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(db.get("key" + std::to_string(i)) == value_of(i));
  for (int i = 1000; i < 2000; ++i)
    REQUIRE(db.get("key" + std::to_string(i)) == std::nullopt);
}

TEST_CASE("an environment whose log is gone is refused") {
  const ScratchDirectory directory;
  const std::string path = directory.file("env");
  OpenDatabase db(path);
  fill(db, 100);
  db.close();
  fs::remove(path + "/log.0000000001");

  auto env = Environment::open(small_options(path));
  REQUIRE(env.ok());
  const auto opened = Database::open(**env, "data.db");
  CHECK(opened.code() == Code::kCorrupt);
  CHECK_THAT(opened.status().message(), Catch::Contains("data.db"));
}

}  // namespace
}  // namespace doris::bdb

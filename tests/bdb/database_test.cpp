#include "base/bdb/database.h"

#include <map>

#include "base/random.h"
#include "tests/base/scratch_directory.h"
#include "tests/bdb/open_database.h"

namespace doris::bdb {
namespace {

TEST_CASE("what was put is there after the environment was closed") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  REQUIRE(db.put("key", "value").ok());
  REQUIRE(db.put("empty", "").ok());
  db.close();
  db.open();
  CHECK(db.get("key") == "value");
  CHECK(db.get("empty") == "");
  CHECK(db.get("other") == std::nullopt);
}

TEST_CASE("a removed key is gone, and removing it again finds nothing") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  REQUIRE(db.put("key", "value").ok());
  const auto txn = db.begin();
  CHECK(*db.database().remove(*txn, "key"));
  CHECK_FALSE(*db.database().remove(*txn, "key"));
  REQUIRE(txn->commit(Durability::kWrite).ok());
  CHECK(db.get("key") == std::nullopt);
}

TEST_CASE("an aborted transaction leaves nothing, and was visible to its owner") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  REQUIRE(db.put("key", "old").ok());
  auto txn = db.begin();
  REQUIRE(db.database().put(*txn, "key", "new").ok());
  REQUIRE(db.database().put(*txn, "more", "new").ok());
  CHECK(db.get("key") == "new");
  SECTION("by abort()") {
    txn->abort();
  }
  SECTION("by its destruction") {
    txn.reset();
  }
  CHECK(db.get("key") == "old");
  CHECK(db.get("more") == std::nullopt);
}

TEST_CASE("values and keys of any size come back whole") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  Random random(5);
  std::map<std::string, std::string> model;
  for (const size_t bytes : {1UL, 2047UL, 2048UL, 2049UL, 8192UL, 100'000UL, 5'000'000UL}) {
    std::string value(bytes, '\0');
    for (char& c : value)
      c = static_cast<char>(random.next());
    model["value of " + std::to_string(bytes)] = value;
    if (bytes <= 100'000) model[std::string(bytes, 'k')] = "long key";
  }
  for (const auto& [key, value] : model)
    REQUIRE(db.put(key, value).ok());
  db.close();
  db.open();
  for (const auto& [key, value] : model) {
    CHECK(db.get(key) == value);
    std::string prefix;
    CHECK(*db.database().get_prefix(nullptr, key, 26, prefix));
    CHECK(prefix == value.substr(0, 26));
  }

  // A scan needs more room for some, and none of them may be passed over.
  auto cursor = Cursor::open(db.database(), nullptr);
  REQUIRE(cursor.ok());
  std::map<std::string, std::string> scanned;
  std::string key;
  std::string value;
  auto found = (*cursor)->seek_range("", key, value);
  for (; found.ok() && *found; found = (*cursor)->next(key, value))
    scanned.emplace(key, value);
  CHECK(found.ok());
  CHECK((scanned == model));
}

TEST_CASE("a range starts at the first key that is not less, however long keys and values are") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  const std::string large(50'000, 'v');
  REQUIRE(db.put("b", large).ok());
  REQUIRE(db.put("c", "small").ok());
  auto cursor = Cursor::open(db.database(), nullptr);
  std::string key;
  std::string value;
  // The key that is found is shorter than the one that was asked for, and its value does
  // not fit at first.
  REQUIRE(*(*cursor)->seek_range("a with a long tail", key, value));
  CHECK(key == "b");
  CHECK((value == large));
  REQUIRE(*(*cursor)->next(key, value));
  CHECK(key == "c");
  CHECK(value == "small");
  CHECK_FALSE(*(*cursor)->next(key, value));
  CHECK_FALSE(*(*cursor)->seek_range("d", key, value));
}

TEST_CASE("a range can be read with the first bytes of its values only") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  const std::string long_key(20'000, 'b');
  REQUIRE(db.put("a", "0123456789").ok());
  REQUIRE(db.put(long_key, std::string(50'000, 'v')).ok());
  REQUIRE(db.put("c", "short").ok());
  auto cursor = Cursor::open(db.database(), nullptr);
  std::string key;
  std::string prefix;
  REQUIRE(*(*cursor)->seek_range_prefix("A", key, 8, prefix));
  CHECK(key == "a");
  CHECK(prefix == "01234567");
  REQUIRE(*(*cursor)->next_prefix(key, 8, prefix));
  CHECK((key == long_key));
  CHECK(prefix == "vvvvvvvv");
  REQUIRE(*(*cursor)->next_prefix(key, 8, prefix));
  CHECK(key == "c");
  CHECK(prefix == "short");
  CHECK_FALSE(*(*cursor)->next_prefix(key, 8, prefix));
  CHECK_FALSE(*(*cursor)->seek_range_prefix("d", key, 8, prefix));
}

TEST_CASE("one cursor finds, replaces and inserts through a whole transaction") {
  const ScratchDirectory directory;
  OpenDatabase db(directory.file("env"));
  REQUIRE(db.put("held", std::string(100, 'h')).ok());
  const auto txn = db.begin();
  {
    auto cursor = Cursor::open(db.database(), txn.get());
    REQUIRE(cursor.ok());
    std::string prefix;
    REQUIRE(*(*cursor)->seek("held", 10, prefix));
    CHECK(prefix == std::string(10, 'h'));
    REQUIRE((*cursor)->replace("short").ok());
    CHECK_FALSE(*(*cursor)->seek("fresh", 10, prefix));
    REQUIRE((*cursor)->insert("fresh", "inserted").ok());
    REQUIRE(*(*cursor)->seek("held", 10, prefix));
    CHECK(prefix == "short");
  }
  REQUIRE(txn->commit(Durability::kSync).ok());
  CHECK(db.get("held") == "short");
  CHECK(db.get("fresh") == "inserted");
}

}  // namespace
}  // namespace doris::bdb

#include "server/ledger.h"

#include <map>
#include <memory>
#include <utility>

#include "base/limits.h"
#include "base/random.h"
#include "server/big_endian.h"
#include "tests/base/scratch_directory.h"
#include "tests/bdb/open_database.h"

namespace doris::server {
namespace {

std::string key_of(uint16_t slot) {
  std::string key = "ledger";
  append_big_endian(slot, key);
  return key;
}

// A ledger in a database of its own.
class OpenLedger {
 public:
  explicit OpenLedger(const std::string& directory) : file_(directory) { load(); }

  Ledger* operator->() { return ledger_.get(); }
  bdb::OpenDatabase& file() { return file_; }

  Status try_load() {
    ledger_ = std::make_unique<Ledger>();
    return ledger_->load(file_.database());
  }
  void load() {
    const Status loaded = try_load();
    INFO(loaded.message());
    REQUIRE(loaded.ok());
  }

  void commit() {
    const auto txn = file_.begin();
    REQUIRE(ledger_->store(file_.database(), *txn).ok());
    REQUIRE(txn->commit(bdb::Durability::kWrite).ok());
    ledger_->settle();
  }
  void abort() {
    const auto txn = file_.begin();
    REQUIRE(ledger_->store(file_.database(), *txn).ok());
    txn->abort();
    ledger_->undo();
  }

  void remove(uint16_t slot) {
    const auto txn = file_.begin();
    REQUIRE(*file_.database().remove(*txn, key_of(slot)));
    REQUIRE(txn->commit(bdb::Durability::kWrite).ok());
  }

 private:
  bdb::OpenDatabase file_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_CASE("a new ledger counts nothing, and has a place for every namespace") {
  const ScratchDirectory directory;
  OpenLedger ledger(directory.file("s"));
  CHECK(ledger->count(Book::kVnode, 65535) == 0);
  CHECK(ledger->sum(Book::kTarget, 1) == 0);
  CHECK((ledger->counts(Book::kNamespace) == std::vector<uint64_t>(kNamespacesMax)));
}

TEST_CASE("books are apart, counts and sums go up and down, and a sum wraps") {
  const ScratchDirectory directory;
  OpenLedger ledger(directory.file("s"));
  ledger->add({Book::kVnode, 5, 2, 10});
  ledger->add({Book::kTarget, 5, 7, 1});
  ledger->add({Book::kVnode, 5, -1, 0 - uint64_t{11}});
  CHECK(ledger->count(Book::kVnode, 5) == 1);
  CHECK(ledger->sum(Book::kVnode, 5) == ~uint64_t{0});
  ledger.commit();
  ledger.load();
  CHECK(ledger->count(Book::kVnode, 5) == 1);
  CHECK(ledger->sum(Book::kVnode, 5) == ~uint64_t{0});
  CHECK(ledger->count(Book::kTarget, 5) == 7);
  CHECK(ledger->count(Book::kNamespace, 5) == 0);
}

TEST_CASE("what was undone is forgotten, in memory and on the disk") {
  const ScratchDirectory directory;
  OpenLedger ledger(directory.file("s"));
  ledger->add({Book::kVnode, 5, 2, 10});
  ledger.commit();
  ledger->add({Book::kVnode, 5, -2, 7});
  ledger->add({Book::kVnode, 5, 1, 7});
  ledger->add({Book::kVnode, 6, 1, 7});
  ledger.abort();
  for (int i = 0; i < 2; ++i) {
    CHECK(ledger->count(Book::kVnode, 5) == 2);
    CHECK(ledger->sum(Book::kVnode, 5) == 10);
    CHECK(ledger->count(Book::kVnode, 6) == 0);
    ledger.load();
  }
}

TEST_CASE("batches without a change take no row") {
  const ScratchDirectory directory;
  OpenLedger ledger(directory.file("s"));
  ledger->add({Book::kVnode, 5, 1, 1});
  ledger.commit();
  for (int i = 0; i < 3; ++i)
    ledger.commit();
  ledger->add({Book::kVnode, 5, 1, 1});
  ledger.commit();
  ledger.load();
  CHECK(ledger->count(Book::kVnode, 5) == 2);
}

TEST_CASE("an account is exact however often the rows were written over since it changed") {
  const ScratchDirectory directory;
  OpenLedger ledger(directory.file("s"));
  const uint64_t seed = Random::entropy();
  INFO("seed " << seed);
  Random random(seed);
  std::map<std::pair<Book, uint16_t>, std::pair<int64_t, uint64_t>> model;
  for (int batch = 0; batch < 4 * Ledger::kSlots; ++batch) {
    for (uint64_t i = 0; i <= random.below(4); ++i) {
      const auto book = static_cast<Book>(random.below(kBooks));
      const auto number =
          static_cast<uint16_t>(random.below(3) * Ledger::kSlots + random.below(20));
      auto& [count, sum] = model[{book, number}];
      const int64_t change = count > 0 && random.below(2) == 0 ? -1 : 1;
      const uint64_t by = random.next();
      count += change;
      sum += by;
      ledger->add({book, number, change, by});
    }
    ledger.commit();
    if (random.below(200) != 0) continue;
    ledger.load();
    for (const auto& [account, expected] : model) {
      REQUIRE(ledger->count(account.first, account.second) ==
              static_cast<uint64_t>(expected.first));
      REQUIRE(ledger->sum(account.first, account.second) == expected.second);
    }
  }
}

TEST_CASE("a missing row, one in another's place, or one of another kind is refused by name") {
  const ScratchDirectory directory;
  OpenLedger ledger(directory.file("s"));
  for (int batch = 1; batch <= 3; ++batch) {
    ledger->add({Book::kVnode, 5, 1, 1});
    ledger.commit();
  }
  SECTION("missing") {
    ledger.remove(2);
  }
  SECTION("in another's place") {
    REQUIRE(ledger.file().put(key_of(4), *ledger.file().get(key_of(3))).ok());
  }
  SECTION("of another kind") {
    REQUIRE(ledger.file().put("live", "12345678").ok());
  }
  const Status refused = ledger.try_load();
  CHECK(refused.code() == Code::kCorrupt);
  CHECK_THAT(refused.message(), Catch::Contains(directory.file("s")));
}

}  // namespace
}  // namespace doris::server

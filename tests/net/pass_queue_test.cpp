#include "base/net/pass_queue.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>

namespace doris::net {
namespace {

// Appends its name to a shared journal, then does more if a test wishes.
class Noted final : public PassTask {
 public:
  Noted(std::string& journal, char name) : journal_(journal), name_(name) {}
  void on_pass_end() override {
    journal_ += name_;
    if (then) then();
  }
  std::function<void()> then;

 private:
  std::string& journal_;
  const char name_;
};

struct Fixture {
  std::string journal;
  PassQueue queue;
  Noted a{journal, 'a'};
  Noted b{journal, 'b'};
  Noted c{journal, 'c'};
};

TEST_CASE_METHOD(Fixture, "Pass tasks run once, in the order in which they were first added") {
  queue.add(b);
  queue.add(a);
  queue.add(b);
  queue.run();
  CHECK(journal == "ba");
  CHECK(queue.empty());
  queue.run();
  CHECK(journal == "ba");
}

TEST_CASE_METHOD(Fixture, "What a pass task adds runs in the same pass, itself included") {
  int again = 2;
  a.then = [&] {
    queue.add(c);
    if (again-- > 0) queue.add(a);
  };
  queue.add(a);
  queue.add(b);
  queue.run();
  CHECK(journal == "abcacac");
}

TEST_CASE_METHOD(Fixture, "A removed pass task does not run, and can be added again") {
  queue.add(a);
  queue.add(b);
  queue.remove(a);
  queue.remove(c);
  queue.run();
  CHECK(journal == "b");
  queue.add(a);
  queue.run();
  CHECK(journal == "ba");
}

TEST_CASE_METHOD(Fixture, "A running pass task may remove those behind it and before it") {
  b.then = [&] {
    queue.remove(a);
    queue.remove(b);
    queue.remove(c);
  };
  queue.add(a);
  queue.add(b);
  queue.add(c);
  queue.run();
  CHECK(journal == "ab");
}

TEST_CASE_METHOD(Fixture, "A pass task may destroy itself") {
  auto* const dying = new Noted(journal, 'd');
  dying->then = [dying] { delete dying; };
  queue.add(*dying);
  queue.add(a);
  queue.run();
  CHECK(journal == "da");
}

}  // namespace
}  // namespace doris::net

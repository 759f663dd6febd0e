#include "base/buffer.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/random.h"

namespace doris {
namespace {

std::string random_bytes(Random& random, size_t bytes) {
  std::string text(bytes, '\0');
  for (char& c : text)
    c = static_cast<char>(random.below(256));
  return text;
}

// A Buffer and a string that are told the same things.
struct Pair {
  Buffer buffer;
  std::string model;

  void append(const std::string& bytes) {
    buffer.append(bytes);
    model += bytes;
  }

  // As a socket does: much room, some of it used.
  void fill(const std::string& bytes, size_t more_room) {
    const std::span<char> room = buffer.prepare(bytes.size() + more_room);
    REQUIRE(room.size() >= bytes.size() + more_room);
    bytes.copy(room.data(), bytes.size());
    buffer.commit(bytes.size());
    model += bytes;
  }

  void consume(size_t bytes) {
    buffer.consume(bytes);
    model.erase(0, bytes);
  }

  void truncate(size_t bytes) {
    buffer.truncate(bytes);
    model.resize(bytes);
  }

  void clear() {
    buffer.clear();
    model.clear();
  }

  void move_around() {
    Buffer elsewhere(std::move(buffer));
    buffer = std::move(elsewhere);
  }

  void step(Random& random) {
    const std::string bytes = random_bytes(random, random.below(random.below(8) == 0 ? 3000 : 40));
    switch (random.below(10)) {
      case 0:
      case 1:
      case 2:
        return append(bytes);
      case 3:
      case 4:
        return fill(bytes, 1 + random.below(100));
      case 5:
      case 6:
      case 7:
        return consume(random.below(model.size() + 1));
      case 8:
        return truncate(random.below(model.size() + 1));
      default:
        return random.below(4) == 0 ? clear() : move_around();
    }
  }
};

}  // namespace

TEST_CASE("A Buffer behaves as a string under random operations") {
  const uint64_t seed = GENERATE(take(20, random(uint64_t{0}, ~uint64_t{0})));
  INFO("seed " << seed);
  Random random(seed);
  Pair pair;
  for (int step = 0; step < 500; ++step) {
    INFO("step " << step);
    pair.step(random);
    REQUIRE(pair.buffer.size() == pair.model.size());
    REQUIRE(pair.buffer.empty() == pair.model.empty());
    REQUIRE((pair.buffer.view() == pair.model));
    REQUIRE(pair.buffer.capacity() >= pair.model.size());
  }
}

TEST_CASE("A new Buffer holds no memory, and a released one none any more") {
  Buffer buffer;
  REQUIRE(buffer.capacity() == 0);
  REQUIRE(buffer.view().empty());
  buffer.append("some bytes");
  REQUIRE(buffer.capacity() > 0);
  buffer.consume(buffer.size());
  buffer.release();
  REQUIRE(buffer.capacity() == 0);
  buffer.append("again");
  REQUIRE(buffer.view() == "again");
}

TEST_CASE("A Buffer that is drained as fast as it is filled does not grow") {
  Buffer buffer;
  const std::string piece(1000, 'x');
  buffer.append(piece);
  buffer.append(piece);
  for (int i = 0; i < 1000; ++i) {
    buffer.append(piece);
    buffer.consume(piece.size());
  }
  REQUIRE(buffer.size() == 2 * piece.size());
  REQUIRE(buffer.capacity() <= 8 * piece.size());
}

TEST_CASE("A Buffer that was moved from is empty and can be used again") {
  Buffer first;
  first.append("bytes");
  Buffer second(std::move(first));
  REQUIRE(second.view() == "bytes");
  first = Buffer();
  first.push_back('!');
  REQUIRE(first.view() == "!");
}

TEST_CASE("Swapped Buffers have each other's bytes") {
  Buffer left;
  Buffer right;
  left.append("left");
  right.append("right hand");
  right.consume(6);
  left.swap(right);
  REQUIRE(left.view() == "hand");
  REQUIRE(right.view() == "left");
}

}  // namespace doris

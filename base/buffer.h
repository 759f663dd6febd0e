// Buffer: a contiguous queue of bytes. Filled at the back, consumed at the front.
//
//   auto room = in.prepare(16 * 1024);            // Uninitialised space.
//   in.commit(read(fd, room.data(), room.size()));
//   in.consume(parse(in.view()));
//
// An empty buffer that is asked to release() holds no memory, so that an idle
// connection costs none. Views are valid until the next non-const call.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace doris {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer taken(std::move(other));
    swap(taken);
    return *this;
  }

  [[nodiscard]] size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] size_t capacity() const { return capacity_; }
  [[nodiscard]] std::string_view view() const { return {data_.get() + begin_, size()}; }

  // At least `bytes` of writable space at the back. REQUIRES: bytes > 0.
  std::span<char> prepare(size_t bytes) {
    if (capacity_ - end_ < bytes) make_room(bytes);
    return {data_.get() + end_, capacity_ - end_};
  }

  // Makes the first `bytes` of the prepared space part of the buffer.
  void commit(size_t bytes) {
    DORIS_CHECK(bytes <= capacity_ - end_, "committed more than was prepared");
    end_ += bytes;
  }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
    end_ += bytes.size();
  }

  void push_back(char byte) { append({&byte, 1}); }

  // Drops `bytes` from the front.
  void consume(size_t bytes) {
    DORIS_CHECK(bytes <= size(), "consumed more than there is");
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Keeps only the first `bytes`.
  void truncate(size_t bytes) {
    DORIS_CHECK(bytes <= size(), "a truncation cannot grow a buffer");
    end_ = begin_ + bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  void clear() { begin_ = end_ = 0; }

  // Gives the memory back. REQUIRES: empty().
  void release() {
    DORIS_CHECK(empty(), "released a buffer with bytes in it");
    data_.reset();
    begin_ = end_ = capacity_ = 0;
  }

  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  struct Free {
    void operator()(char* data) const { std::free(data); }
  };

  void make_room(size_t bytes);  // buffer.cpp: moves to the front, or grows by half or more.

  // Invariant: begin_ <= end_ <= capacity_; begin_ == end_ implies both are 0 after
  // consume() and truncate().
  std::unique_ptr<char, Free> data_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t capacity_ = 0;
};

}  // namespace doris

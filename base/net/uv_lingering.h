// Lingering: a stream whose owner has left, on its way to being closed.
//
// To close a socket while bytes of the peer are unread makes the kernel send a reset, and
// a reset makes the peer forget replies that it has not read yet. So: send everything, say
// that this was the end, throw away what still arrives until the peer ends too, then close.
// All within kLingerMax.
#pragma once

#include <array>
#include <memory>

#include "base/net/loop.h"
#include "base/net/stream.h"

namespace doris::net {

class UvLoop;
class UvStream;

class Lingering final : private StreamHandler {
 public:
  Lingering(UvLoop& loop, std::unique_ptr<UvStream> stream);
  ~Lingering() override;

 private:
  std::span<char> read_buffer() override { return discarded_; }
  void on_read(size_t) override {}
  void on_end(const Status& why) override;
  void on_drained() override;

  UvLoop& loop_;
  std::unique_ptr<UvStream> stream_;
  std::unique_ptr<Timer> limit_;
  bool peer_ended_ = false;
  std::array<char, 16 * 1024> discarded_;
};

}  // namespace doris::net

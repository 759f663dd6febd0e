#include "base/net/uv_lingering.h"

#include "base/net/uv_loop_internal.h"
#include "base/net/uv_stream.h"

namespace doris::net {
namespace {

constexpr Millis kLingerMax{1000};

}  // namespace

// loop_.end_linger(*this) destroys this.

Lingering::Lingering(UvLoop& loop, std::unique_ptr<UvStream> stream)
    : loop_(loop),
      stream_(std::move(stream)),
      limit_(loop.timer([this] { loop_.end_linger(*this); })) {
  limit_->start(kLingerMax);
  stream_->hand_over(*this);
  stream_->resume_reading();
}

Lingering::~Lingering() = default;

void Lingering::on_drained() {
  if (peer_ended_) return loop_.end_linger(*this);
  stream_->end_sending();
}

void Lingering::on_end(const Status&) {
  if (stream_->unsent() == 0) return loop_.end_linger(*this);
  // It may have ended its own side only, and still read. A second end is a failed write.
  peer_ended_ = true;
  stream_->pause_reading();
  stream_->hand_over(*this);
}

}  // namespace doris::net

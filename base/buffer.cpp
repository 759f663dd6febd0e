#include "base/buffer.h"

#include <algorithm>
#include <new>

namespace doris {

void Buffer::make_room(size_t bytes) {
  const size_t used = size();
  // Moving to the front is taken only when at least half the space is free, so that
  // a long queue consumed in small steps is not moved at every step.
  if (begin_ > 0 && used + bytes <= capacity_ && used <= capacity_ / 2) {
    std::memmove(data_.get(), data_.get() + begin_, used);
  } else {
    const size_t grown = std::max({used + bytes, capacity_ + capacity_ / 2, size_t{512}});
    char* fresh = static_cast<char*>(std::malloc(grown));
    if (fresh == nullptr) throw std::bad_alloc();
    if (used > 0) std::memcpy(fresh, data_.get() + begin_, used);
    data_.reset(fresh);
    capacity_ = grown;
  }
  begin_ = 0;
  end_ = used;
}

}  // namespace doris

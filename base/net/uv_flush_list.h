// FlushList: the streams that have something to send at the end of the pass.
//
// A stream is in it once, and knows its place, so that it can leave without a search.
#pragma once

#include <cstddef>
#include <vector>

namespace doris::net {

class UvStream;

// A stream's place in the list; owned by the stream.
class FlushPlace {
 private:
  friend class FlushList;
  static constexpr size_t kNone = static_cast<size_t>(-1);
  size_t index_ = kNone;
};

class FlushList {
 public:
  // Does nothing if the stream is in the list.
  void add(UvStream& stream, FlushPlace& place) {
    if (place.index_ != FlushPlace::kNone) return;
    place.index_ = entries_.size();
    entries_.push_back({&stream, &place});
  }

  // The stream is about to die. Does nothing if it is not in the list.
  void remove(FlushPlace& place) {
    if (place.index_ == FlushPlace::kNone) return;
    entries_[place.index_] = {};
    place.index_ = FlushPlace::kNone;
  }

  // Takes the stream that has waited longest off the list; nullptr if none waits.
  UvStream* pop() {
    while (next_ < entries_.size()) {
      const Entry entry = entries_[next_++];
      if (entry.stream == nullptr) continue;
      entry.place->index_ = FlushPlace::kNone;
      return entry.stream;
    }
    entries_.clear();  // Keeps its memory for the next pass.
    next_ = 0;
    return nullptr;
  }

 private:
  struct Entry {
    UvStream* stream = nullptr;  // nullptr: it died while it waited.
    FlushPlace* place = nullptr;
  };

  std::vector<Entry> entries_;
  size_t next_ = 0;  // entries_[next_..] wait.
};

}  // namespace doris::net

// KeyOrder: which commands on a key have to wait for others before them.
//
// A key's commands go to its primary at once, one behind the other, and are done there in that
// order. But if their answers are lost - with the connection, or with the primary - they are asked
// again, and a read or an update would find then what one behind it has written: DEL k, SET k v
// would delete v. A server remembers what it has changed, but not what it was asked and has changed
// nothing for. So
//
//   a write    is begun when the reads of the same client before it, and its updates of another
//              kind, are answered. (Updates of one kind are alike: if the first has changed
//              nothing, nor have those behind it. Blind writes, SET, find nothing.)
//   anything   is begun after what the same client has asked before and what waits itself
//   an answer  to a read is shown after what the same client has in line before it; and not if the
//              read before it was asked later, since its answer was lost: then this one is asked
//              again, too, or it would be the older one
//   an effect  of an update is spread when those are of the updates that were sent before it,
//              whoever asked: it was evaluated upon them, and they may have to be evaluated anew
//
// In line are, in the order of submission: reads and updates from submit() on, until they are
// answered, or their effect is spread; blind writes while they wait. A line is a vnode's, so that
// it costs no look-up; a key has hardly any other company there.
//
// Of what a client has in line of a key only the last one before a command says whether that has to
// wait: if it waits itself, or could find what the command writes. If neither, it is a read, or an
// update of the same kind, and was begun: so nothing before it holds back the command either.
//
// Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "router/request.h"

namespace doris::router {

class KeyOrder {
 public:
  // What a part waits for: to be begun, to have its effect spread, to have its answer shown. For
  // the last nothing is held: who may not show it has to ask again, and waits for that.
  enum class Step : uint8_t { kAsk, kSpread, kShow };

  // `vnodes` is the same for a cluster's life.
  void resize(size_t vnodes) { lines_.resize(vnodes); }

  // The part takes its place, unless it has it.
  void join(Part& part);

  // The part, a write, is sent to its primary now, and was not in this epoch.
  static void take_turn(Part& part, uint64_t turn);

  // Whether `part`, which may be in line, has to wait for somebody before it.
  [[nodiscard]] bool holds_back(const Part& part, Step step) const;

  // Keeps the entry until the part is free to go. REQUIRES: nothing is held for the part.
  void hold(Part& part, Step step, const Entry& entry);

  // The part holds nobody back any more. What is free to go now, in order.
  [[nodiscard]] std::vector<Entry> leave(Part& part);

  // What is held of the part; it holds back others still.
  [[nodiscard]] std::optional<Entry> take_held(Part& part);

  // All that is held, in no order.
  [[nodiscard]] std::vector<Entry> take_held();

  // How much that is.
  [[nodiscard]] size_t held() const { return held_; }
  [[nodiscard]] uint64_t held_bytes() const { return held_bytes_; }

 private:
  struct Line {
    Part* first = nullptr;
    Part* last = nullptr;
    size_t to_be_asked = 0;   // Held for that..
    size_t to_be_spread = 0;  // ..and for that.
  };

  [[nodiscard]] size_t& held_with(const Part& part);
  [[nodiscard]] const Part* last_before(const Part& part) const;
  [[nodiscard]] bool may_not_be_asked(const Part& part) const;
  [[nodiscard]] bool may_not_be_spread(const Part& part) const;
  static void outdate_next(const Part& left);
  void free_effects(const Part& left, std::vector<Entry>& free);
  void free_followers(const Part& left, std::vector<Entry>& free);
  void remove(Part& part);
  [[nodiscard]] Entry release(Part& part);

  std::vector<Line> lines_;  // By vnode.
  size_t held_ = 0;
  uint64_t held_bytes_ = 0;
};

}  // namespace doris::router

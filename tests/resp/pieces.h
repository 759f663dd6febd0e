// A byte stream given to a parser whole, or cut into pieces: what it makes of it.
//
// Every piece comes with all bytes not yet consumed moved to new memory, as a growing buffer
// does, so that a parser that keeps a view into the old ones is found out by ASan.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "resp/reply_parser.h"
#include "resp/request_parser.h"

namespace doris::resp {

template <class Item>
struct Outcome {
  std::vector<Item> items;
  std::string error;  // Empty if the peer was well-behaved.
  size_t left = 0;    // Bytes not consumed.

  bool operator==(const Outcome&) const = default;
};

using Command = std::vector<std::string>;

inline Command item_of(RequestParser& parser) {
  return {parser.args().begin(), parser.args().end()};
}

inline Value item_of(ReplyParser& parser) {
  return parser.take();
}

// `cuts` are positions in `stream`, rising.
template <class Item, class Parser>
Outcome<Item> parse_pieces(Parser parser, std::string_view stream,
                           const std::vector<size_t>& cuts) {
  Outcome<Item> outcome;
  std::string pending;
  size_t from = 0;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    const size_t to = i < cuts.size() ? cuts[i] : stream.size();
    std::string moved;
    moved.reserve(pending.size() + to - from);
    moved.append(pending).append(stream.substr(from, to - from));
    pending.swap(moved);
    from = to;
    while (!pending.empty()) {
      const Parsed parsed = parser.parse(pending);
      if (parsed == Parsed::kNeedMore) break;
      if (parsed == Parsed::kError) {
        outcome.error = parser.error();
        return outcome;
      }
      outcome.items.push_back(item_of(parser));
      pending.erase(0, parser.consumed());
    }
  }
  outcome.left = pending.size();
  return outcome;
}

inline Outcome<Command> parse_requests(std::string_view stream, const std::vector<size_t>& cuts,
                                       RequestLimits limits) {
  return parse_pieces<Command>(RequestParser(limits), stream, cuts);
}

inline Outcome<Value> parse_replies(std::string_view stream, const std::vector<size_t>& cuts,
                                    ReplyLimits limits) {
  return parse_pieces<Value>(ReplyParser(limits), stream, cuts);
}

// Up to `cuts_max` positions in a stream of `size` bytes, rising.
inline std::vector<size_t> random_cuts(Random& random, size_t size, size_t cuts_max) {
  std::vector<bool> cut(size + 1, false);
  for (size_t i = random.below(cuts_max + 1); i > 0; --i)
    cut[random.below(size + 1)] = true;
  std::vector<size_t> cuts;
  for (size_t at = 0; at <= size; ++at) {
    if (cut[at]) cuts.push_back(at);
  }
  return cuts;
}

}  // namespace doris::resp

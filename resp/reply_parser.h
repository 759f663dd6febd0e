// ReplyParser: bytes -> replies. No I/O. Scalars come as views into the bytes given;
// aggregates are built as a Value: on the data path only answers to updates, and to reads of what
// is not settled yet, are such.
// Incremental as RequestParser is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "resp/request_parser.h"
#include "resp/value.h"

namespace doris::resp {

// One complete reply. `text` is valid as long as the parsed bytes stay in place.
struct Reply {
  Value::Kind kind = Value::Kind::kNull;
  int64_t integer = 0;    // kInteger, kBoolean.
  std::string_view text;  // kSimple, kError, kBulk, kVerbatim, kBigNumber, kDouble (its text).
  Value tree;             // kArray, kMap, kSet, kPush.

  [[nodiscard]] Value to_value() const;  // A copy that owns its bytes.
};

struct ReplyLimits {
  size_t bulk_bytes_max;
  size_t items_max;    // Of one aggregate.
  size_t nesting_max;  // An aggregate in an aggregate ... this deep.
};

class ReplyParser {
 public:
  explicit ReplyParser(ReplyLimits limits);

  // As RequestParser::parse(); kCommand means that reply() is valid. What replies may look
  // like is in PROTOCOL.md, "Grammar".
  Parsed parse(std::string_view bytes);

  [[nodiscard]] const Reply& reply() const { return reply_; }
  [[nodiscard]] Value take();  // The reply as a Value; reply() has lost its tree.
  [[nodiscard]] size_t consumed() const { return at_; }
  [[nodiscard]] size_t wanted() const { return wanted_; }            // As RequestParser::wanted().
  [[nodiscard]] const std::string& error() const { return error_; }  // For a log: no code.
  void reset();

 private:
  // An aggregate of which items are still to come.
  struct Open {
    Value value;
    size_t items_left;
    bool attribute;  // To be dropped, and not an item of what it is in.
  };

  Parsed fail(std::string message);
  Parsed need_more(size_t wanted);
  Parsed read_item(std::string_view bytes);
  Parsed read_line(std::string_view bytes, std::string_view& line, size_t& after);
  Parsed read_bulk(std::string_view bytes, char type, std::string_view length, size_t begin);
  Parsed read_scalar(char type, std::string_view text);
  Parsed open_aggregate(char type, std::string_view length);
  bool deliver();
  bool close_full();

  const ReplyLimits limits_;
  Reply reply_;             // The item read last; at the end the whole reply.
  std::vector<Open> open_;  // Outermost first.
  std::string error_;

  // Between calls (see reply_parser.cpp):
  size_t at_ = 0;       // Bytes understood.
  size_t scanned_ = 0;  // Bytes in which the end of the line at at_ was sought in vain.
  size_t wanted_ = 0;
  enum class At : uint8_t { kItem, kDone, kError } state_ = At::kItem;
};

}  // namespace doris::resp

// ReplyParser: bytes -> replies. No I/O. Scalars come as views into the bytes given;
// aggregates are built as a Value, since only the control path receives them.
// Incremental as RequestParser is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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

  // As RequestParser::parse(); kCommand means that reply() is valid.
  Parsed parse(std::string_view bytes);

  [[nodiscard]] const Reply& reply() const { return reply_; }
  [[nodiscard]] size_t consumed() const { return at_; }
  [[nodiscard]] size_t wanted() const { return wanted_; }  // As RequestParser::wanted().
  [[nodiscard]] const std::string& error() const { return error_; }
  void reset();

 private:
  const ReplyLimits limits_;
  Reply reply_;
  std::string error_;
  size_t at_ = 0;
  size_t wanted_ = 0;
};

}  // namespace doris::resp

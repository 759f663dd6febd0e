#include "resp/reply_parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/limits.h"
#include "resp/words.h"

// A reply is read item by item; at_ is always at the front of an item, so that a reply that
// was cut goes on with the item that was cut. A scalar outside of any aggregate stays a view.
// An aggregate is put on open_ until its items are there:
//
//   *2  %1  +k  :1  +last        open_: [*2: %1], [%1: +k] ...
//   \__ open_[0] ___________/
//       \_open_[1]/

namespace doris::resp {
namespace {

using Kind = Value::Kind;

constexpr size_t kLineBytesMax = kInlineBytesMax;

bool is_aggregate(Kind kind) {
  return kind == Kind::kArray || kind == Kind::kMap || kind == Kind::kSet || kind == Kind::kPush;
}

bool is_big_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool parse_double(std::string_view text, double& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// The type of an aggregate by its first byte; an attribute counts as a map.
bool aggregate_kind(char type, Kind& kind) {
  switch (type) {
    case '*':
      kind = Kind::kArray;
      return true;
    case '%':
    case '|':
      kind = Kind::kMap;
      return true;
    case '~':
      kind = Kind::kSet;
      return true;
    case '>':
      kind = Kind::kPush;
      return true;
    default:
      return false;
  }
}

// The parts that are not the tree.
Value scalar_value(const Reply& reply) {
  Value value;
  value.kind = reply.kind;
  if (reply.kind == Kind::kInteger || reply.kind == Kind::kBoolean) {
    value.integer = reply.integer;
  } else if (reply.kind == Kind::kDouble) {
    parse_double(reply.text, value.number);
  } else if (reply.kind != Kind::kNull) {
    value.text.assign(reply.text);
  }
  return value;
}

}  // namespace

Value Reply::to_value() const {
  return is_aggregate(kind) ? tree : scalar_value(*this);
}

ReplyParser::ReplyParser(ReplyLimits limits) : limits_(limits) {}

Value ReplyParser::take() {
  return is_aggregate(reply_.kind) ? std::move(reply_.tree) : scalar_value(reply_);
}

void ReplyParser::reset() {
  if (!reply_.tree.items.empty()) reply_.tree = Value();
  open_.clear();
  error_.clear();
  at_ = scanned_ = wanted_ = 0;
  state_ = At::kItem;
}

Parsed ReplyParser::parse(std::string_view bytes) {
  if (state_ == At::kError) return Parsed::kError;
  if (state_ == At::kDone) reset();
  wanted_ = 0;
  while (true) {
    const size_t open_before = open_.size();
    const Parsed parsed = read_item(bytes);
    if (parsed != Parsed::kCommand) return parsed;
    const bool opened = open_.size() > open_before;
    if ((!opened && deliver()) || close_full()) {
      state_ = At::kDone;
      return Parsed::kCommand;
    }
  }
}

// reply_ is complete: an item of the innermost aggregate, or (true) the reply itself.
bool ReplyParser::deliver() {
  if (open_.empty()) return true;
  Open& innermost = open_.back();
  if (!innermost.attribute) innermost.value.items.push_back(take());
  --innermost.items_left;
  return false;
}

// Delivers the aggregates that have all their items. True if the reply itself was one.
bool ReplyParser::close_full() {
  while (!open_.empty() && open_.back().items_left == 0) {
    const bool attribute = open_.back().attribute;
    reply_.tree = std::move(open_.back().value);
    reply_.kind = reply_.tree.kind;
    open_.pop_back();
    if (!attribute && deliver()) return true;
  }
  return false;
}

Parsed ReplyParser::fail(std::string message) {
  state_ = At::kError;
  error_ = std::move(message);
  return Parsed::kError;
}

Parsed ReplyParser::need_more(size_t wanted) {
  wanted_ = wanted;
  return Parsed::kNeedMore;
}

// Reads a scalar into reply_, or the header of an aggregate onto open_.
Parsed ReplyParser::read_item(std::string_view bytes) {
  std::string_view line;
  size_t after = 0;
  if (const Parsed read = read_line(bytes, line, after); read != Parsed::kCommand) return read;
  if (line.empty()) return fail("an empty line");
  const char type = line[0];
  const std::string_view rest = line.substr(1);
  if (type == '$' || type == '=' || type == '!') return read_bulk(bytes, type, rest, after);
  at_ = after;
  scanned_ = 0;
  if (Kind kind; aggregate_kind(type, kind)) return open_aggregate(type, rest);
  return read_scalar(type, rest);
}

// The line at at_, without its end, and where the next one starts.
Parsed ReplyParser::read_line(std::string_view bytes, std::string_view& line, size_t& after) {
  const size_t end = bytes.find('\r', std::max(at_, scanned_));
  if (std::min(end, bytes.size()) > at_ + kLineBytesMax) return fail("a line too long");
  if (end >= bytes.size() || end + 1 == bytes.size()) {
    scanned_ = std::min(end, bytes.size());
    return need_more(0);
  }
  if (bytes[end + 1] != '\n') return fail("a carriage return inside a line");
  line = bytes.substr(at_, end - at_);
  after = end + 2;
  return Parsed::kCommand;
}

// `begin` is where the bytes start whose number is `length`.
Parsed ReplyParser::read_bulk(std::string_view bytes, char type, std::string_view length,
                              size_t begin) {
  int64_t size = 0;
  if (length == "?") return fail("a streamed string");
  if (!parse_integer(length, size) || size < (type == '$' ? -1 : 0) ||
      size > static_cast<int64_t>(limits_.bulk_bytes_max)) {
    return fail("an invalid bulk length");
  }
  const size_t end = begin + static_cast<size_t>(std::max<int64_t>(size, 0));
  if (size >= 0 && bytes.size() < end + 2) return need_more(end + 2);
  at_ = size < 0 ? begin : end + 2;
  scanned_ = 0;
  if (size < 0) {
    reply_.kind = Kind::kNull;
    return Parsed::kCommand;
  }
  if (bytes[end] != '\r' || bytes[end + 1] != '\n') return fail("a bulk without its end");
  reply_.text = bytes.substr(begin, end - begin);
  reply_.kind = type == '$' ? Kind::kBulk : type == '!' ? Kind::kError : Kind::kVerbatim;
  if (type != '=') return Parsed::kCommand;
  if (size < 4 || reply_.text[3] != ':') return fail("a verbatim string without a format");
  reply_.text.remove_prefix(4);
  return Parsed::kCommand;
}

Parsed ReplyParser::read_scalar(char type, std::string_view text) {
  if (text.find('\n') != std::string_view::npos) return fail("a line feed inside a line");
  reply_.text = text;
  switch (type) {
    case '+':
      reply_.kind = Kind::kSimple;
      return Parsed::kCommand;
    case '-':
      reply_.kind = Kind::kError;
      return Parsed::kCommand;
    case ':':
      reply_.kind = Kind::kInteger;
      return parse_integer(text, reply_.integer) ? Parsed::kCommand : fail("an invalid integer");
    case '_':
      reply_.kind = Kind::kNull;
      return text.empty() ? Parsed::kCommand : fail("an invalid null");
    case '#':
      reply_.kind = Kind::kBoolean;
      reply_.integer = text == "t" ? 1 : 0;
      return text == "t" || text == "f" ? Parsed::kCommand : fail("an invalid boolean");
    case ',': {
      reply_.kind = Kind::kDouble;
      double number = 0;
      return parse_double(text, number) ? Parsed::kCommand : fail("an invalid double");
    }
    case '(':
      reply_.kind = Kind::kBigNumber;
      return is_big_number(text) ? Parsed::kCommand : fail("an invalid big number");
    default:
      return fail(std::string("an unknown type '") + type + "'");
  }
}

Parsed ReplyParser::open_aggregate(char type, std::string_view length) {
  Value value;
  aggregate_kind(type, value.kind);
  const size_t per_item = value.is(Kind::kMap) ? 2 : 1;
  int64_t count = 0;
  if (length == "?") return fail("a streamed aggregate");
  if (!parse_integer(length, count) || count < (type == '*' ? -1 : 0) ||
      count > static_cast<int64_t>(limits_.items_max / per_item)) {
    return fail("an invalid number of items");
  }
  if (count < 0) {
    reply_.kind = Kind::kNull;
    return Parsed::kCommand;
  }
  if (open_.size() >= limits_.nesting_max) return fail("nested too deep");
  open_.push_back({std::move(value), per_item * static_cast<size_t>(count), type == '|'});
  return Parsed::kCommand;
}

}  // namespace doris::resp

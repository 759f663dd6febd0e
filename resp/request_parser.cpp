#include "resp/request_parser.h"

#include <algorithm>
#include <cstring>

#include "resp/words.h"

// A multibulk command, and what state_ says between its parts:
//
//   *2\r\n   $3\r\n   GET\r\n   $1\r\n   k\r\n
//   kStart   kBulkHeader kBulk  kBulkHeader kBulk   kDone
//
// at_ is always at the front of the part that state_ names, so that a command that was cut
// goes on there. Only a line whose end has not arrived is looked at again, from scanned_ on.
//
// The arguments found in one call are views in args_. Before a call returns without the
// command, they are put into spans_ as offsets, since the bytes may be somewhere else by the
// next call: a command that arrives in one piece, as most do, never pays for that.

namespace doris::resp {
namespace {

constexpr size_t kLengthLineBytesMax = 64 * 1024;  // Of "*n" and "$n", as in Redis.
constexpr size_t kFastDigitsMax = 9;               // Longer numbers take the slow way.
constexpr size_t kArgsKept = 16;                   // What release() lets a parser keep.

// Reads "<digits>\r" at `at`, which is how every length looks that a client library sends.
// False for everything else: a number that is cut, malformed, or very long.
bool read_length_fast(std::string_view bytes, size_t& at, size_t& length) {
  const size_t stop = std::min(bytes.size(), at + kFastDigitsMax + 1);
  size_t number = 0;
  for (size_t i = at; i < stop; ++i) {
    const auto digit = static_cast<unsigned>(bytes[i] - '0');
    if (digit <= 9) {
      number = 10 * number + digit;
      continue;
    }
    const bool canonical = i == at + 1 || (i > at && bytes[at] != '0');
    if (bytes[i] != '\r' || !canonical || i + 1 >= bytes.size()) return false;
    at = i + 2;
    length = number;
    return true;
  }
  return false;
}

// As isspace() in the C locale.
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// Redis ends an unquoted argument at fewer characters than it skips before one.
bool ends_argument(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\0';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// Reads what a backslash in double quotes stands for. REQUIRES: line[at] is the backslash
// and not the last character. `at` becomes the last character read.
char read_escape(std::string_view line, size_t& at) {
  if (line[at + 1] == 'x' && at + 3 < line.size()) {
    const int high = hex_digit(line[at + 2]);
    const int low = hex_digit(line[at + 3]);
    if (high >= 0 && low >= 0) {
      at += 3;
      return static_cast<char>(high * 16 + low);
    }
  }
  return unescaped(line[++at]);
}

// Appends the quoted text that starts at `at` to `out`; `at` becomes the place behind the
// closing quote. False if the quote is not closed, or not followed by a space.
bool read_quoted(std::string_view line, size_t& at, std::string& out) {
  const char quote = line[at];
  for (++at; at < line.size() && line[at] != quote; ++at) {
    const bool escapes = line[at] == '\\' && at + 1 < line.size();
    if (escapes && quote == '"') {
      out.push_back(read_escape(line, at));
    } else if (escapes && line[at + 1] == '\'') {
      out.push_back(line[++at]);
    } else {
      out.push_back(line[at]);
    }
  }
  if (at == line.size()) return false;
  ++at;
  return at == line.size() || is_space(line[at]) || line[at] == '\0';
}

}  // namespace

RequestParser::RequestParser(RequestLimits limits) : limits_(limits) {}

Parsed RequestParser::parse(std::string_view bytes) {
  if (state_ == At::kError) return Parsed::kError;
  if (state_ == At::kDone) reset();
  if (bytes.empty()) return Parsed::kNeedMore;
  return bytes[0] == '*' ? parse_multibulk(bytes) : parse_inline(bytes);
}

void RequestParser::reset() {
  args_.clear();
  spans_.clear();
  error_.clear();
  at_ = scanned_ = wanted_ = 0;
  state_ = At::kStart;
}

void RequestParser::release() {
  if (state_ != At::kStart && state_ != At::kDone) return;
  if (scanned_ > 0) return;  // A first line was cut.
  reset();
  if (args_.capacity() > kArgsKept) args_ = {};
  if (spans_.capacity() > kArgsKept) spans_ = {};
  if (unquoted_.capacity() > std::string().capacity()) unquoted_ = {};
}

Parsed RequestParser::need_more(std::string_view bytes, size_t wanted) {
  settle_args(bytes);
  wanted_ = wanted;
  return Parsed::kNeedMore;
}

Parsed RequestParser::fail(std::string_view message) {
  state_ = At::kError;
  args_.clear();
  error_ = "ERR Protocol error: ";
  error_ += message;
  return Parsed::kError;
}

Parsed RequestParser::command_done(size_t end) {
  at_ = end;
  scanned_ = wanted_ = 0;
  state_ = At::kDone;
  return Parsed::kCommand;
}

// ---- The multibulk form --------------------------------------------------------------

Parsed RequestParser::parse_multibulk(std::string_view bytes) {
  if (state_ == At::kStart) {
    if (const Parsed read = parse_length(bytes, args_left_); read != Parsed::kCommand) return read;
    state_ = At::kBulkHeader;
  }
  for (; args_left_ > 0; --args_left_) {
    if (state_ == At::kBulkHeader) {
      const Parsed read = parse_length(bytes, bulk_length_);
      if (read != Parsed::kCommand) return read;
      state_ = At::kBulk;
    }
    // As in Redis nobody looks at the two bytes behind an argument.
    const size_t end = at_ + bulk_length_ + 2;
    if (bytes.size() < end) return need_more(bytes, end);
    args_.push_back(bytes.substr(at_, bulk_length_));
    at_ = end;
    state_ = At::kBulkHeader;
  }
  if (!spans_.empty()) {
    settle_args(bytes);
    for (const Span& span : spans_)
      args_.push_back(bytes.substr(span.offset, span.length));
  }
  return command_done(at_);
}

// Reads the line at at_, "*n" or "$n" by state_, and checks n against its limit.
Parsed RequestParser::parse_length(std::string_view bytes, size_t& length) {
  if (at_ >= bytes.size()) return need_more(bytes, 0);
  if (state_ == At::kBulkHeader && bytes[at_] != '$') {
    return fail(std::string("expected '$', got '") + bytes[at_] + "'");
  }
  size_t after = at_ + 1;
  if (!read_length_fast(bytes, after, length)) {
    const size_t from = std::max(at_, scanned_);
    const size_t end = bytes.find('\r', from);
    if (std::min(end, bytes.size()) - at_ > kLengthLineBytesMax) return fail(line_error());
    if (end >= bytes.size() || end + 1 == bytes.size()) {
      scanned_ = std::min(end, bytes.size());
      return need_more(bytes, 0);
    }
    int64_t number = 0;
    if (!parse_integer(bytes.substr(at_ + 1, end - at_ - 1), number)) return fail(length_error());
    if (number < 0 && state_ == At::kBulkHeader) return fail(length_error());
    length = static_cast<size_t>(std::max<int64_t>(number, 0));  // "*-1" is an empty command.
    after = end + 2;
  }
  const size_t max = state_ == At::kStart ? limits_.args_max : limits_.bulk_bytes_max;
  if (length > max) return fail(length_error());
  at_ = after;
  scanned_ = 0;
  return Parsed::kCommand;
}

std::string_view RequestParser::length_error() const {
  return state_ == At::kStart ? "invalid multibulk length" : "invalid bulk length";
}

std::string_view RequestParser::line_error() const {
  return state_ == At::kStart ? "too big mbulk count string" : "too big bulk count string";
}

// Makes the views of this call offsets, behind those of earlier calls.
void RequestParser::settle_args(std::string_view bytes) {
  for (const std::string_view arg : args_) {
    spans_.push_back({static_cast<size_t>(arg.data() - bytes.data()), arg.size()});
  }
  args_.clear();
}

// ---- The inline form -----------------------------------------------------------------

Parsed RequestParser::parse_inline(std::string_view bytes) {
  const size_t end = bytes.find('\n', scanned_);
  if (std::min(end, bytes.size()) > limits_.inline_bytes_max) {
    return fail("too big inline request");
  }
  if (end == std::string_view::npos) {
    scanned_ = bytes.size();
    return Parsed::kNeedMore;
  }
  std::string_view line = bytes.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!unquote(line)) return fail("unbalanced quotes in request");
  for (const Span& span : spans_) {
    args_.push_back(std::string_view(unquoted_).substr(span.offset, span.length));
  }
  return command_done(end + 1);
}

// Cuts the line into arguments as Redis's sdssplitargs() does: into unquoted_, their places
// into spans_. False if a quote is not closed, or closed in the middle of an argument.
bool RequestParser::unquote(std::string_view line) {
  unquoted_.clear();
  for (size_t at = 0; at < line.size();) {
    if (is_space(line[at]) || line[at] == '\0') {
      ++at;
      continue;
    }
    const size_t start = unquoted_.size();
    while (at < line.size() && !ends_argument(line[at])) {
      if (line[at] == '"' || line[at] == '\'') {
        if (!read_quoted(line, at, unquoted_)) return false;
        break;
      }
      unquoted_.push_back(line[at++]);
    }
    spans_.push_back({start, unquoted_.size() - start});
  }
  return true;
}

}  // namespace doris::resp

// RequestParser: bytes -> commands, as Redis takes them. No I/O, no copy.
//
// Reads the multibulk form ("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n") and the inline form
// ("GET k\r\n", with Redis's quoting). The arguments are views into the bytes given.
// Incremental: a command cut anywhere is remembered, and the bytes seen are not
// scanned again when the rest has arrived.
//
//   while (true) {
//     switch (parser.parse(in.view())) {
//       case Parsed::kCommand: run(parser.args()); in.consume(parser.consumed()); break;
//       case Parsed::kNeedMore: return;            // read on; see wanted()
//       case Parsed::kError: reply(parser.error()); close; return;
//     }
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace doris::resp {

enum class Parsed : uint8_t {
  kCommand,   // args() and consumed() are valid.
  kNeedMore,  // Call again with the same front and more bytes behind it.
  kError,     // The peer broke the protocol; error() is for it, then close.
};

struct RequestLimits {
  size_t bulk_bytes_max;    // "Protocol error: invalid bulk length" above.
  size_t args_max;          // "Protocol error: invalid multibulk length" above.
  size_t inline_bytes_max;  // "Protocol error: too big inline request" above.
};

class RequestParser {
 public:
  explicit RequestParser(RequestLimits limits);

  // `bytes` starts at the first byte of a command, and continues what earlier calls
  // with kNeedMore were given. Empty commands ("\r\n", "*0\r\n") come back as kCommand
  // with no args, to be consumed and ignored.
  Parsed parse(std::string_view bytes);

  // Views into the bytes of the last parse(), or (an inline command's) into the parser;
  // valid as long as the bytes stay in place and parse() is not called again.
  [[nodiscard]] std::span<const std::string_view> args() const { return args_; }
  [[nodiscard]] size_t consumed() const { return at_; }

  // How many bytes, counted from the front, are known to be needed before parse() can
  // get further: tells a reader of the room that a large bulk will take. 0 if unknown.
  [[nodiscard]] size_t wanted() const { return wanted_; }

  // Redis's own text, without "-" and CRLF: "ERR Protocol error: ...".
  [[nodiscard]] const std::string& error() const { return error_; }

  // Forgets a command that was cut, and an error; the next parse() starts afresh.
  void reset();

  // Gives back the memory that commands of unusually many arguments have left behind, so
  // that an idle connection does not keep it. args() is empty after it, unless a command
  // is cut: then nothing happens.
  void release();

 private:
  struct Span {  // Of an argument, in the bytes given (or, if inline, in unquoted_).
    size_t offset;
    size_t length;
  };

  Parsed need_more(std::string_view bytes, size_t wanted);
  Parsed fail(std::string_view message);
  Parsed command_done(size_t end);

  Parsed parse_multibulk(std::string_view bytes);
  Parsed parse_length(std::string_view bytes, size_t& length);
  [[nodiscard]] std::string_view length_error() const;
  [[nodiscard]] std::string_view line_error() const;
  void settle_args(std::string_view bytes);

  Parsed parse_inline(std::string_view bytes);
  bool unquote(std::string_view line);

  const RequestLimits limits_;
  std::vector<std::string_view> args_;
  std::vector<Span> spans_;
  std::string unquoted_;  // The arguments of an inline command.
  std::string error_;

  // Between calls (see request_parser.cpp):
  size_t at_ = 0;       // Bytes understood; once a command is complete, all of it.
  size_t scanned_ = 0;  // Bytes in which the end of the line at at_ was sought in vain.
  size_t wanted_ = 0;
  size_t args_left_ = 0;
  size_t bulk_length_ = 0;
  enum class At : uint8_t { kStart, kBulkHeader, kBulk, kDone, kError } state_ = At::kStart;
};

}  // namespace doris::resp

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

  // Views into the bytes of the last parse(); valid as long as those stay in place.
  [[nodiscard]] std::span<const std::string_view> args() const { return args_; }
  [[nodiscard]] size_t consumed() const { return at_; }

  // How many bytes, counted from the front, are known to be needed before parse() can
  // get further: lets a reader reserve the room of a large bulk once. 0 if unknown.
  [[nodiscard]] size_t wanted() const { return wanted_; }

  // Redis's own text, without "-" and CRLF: "ERR Protocol error: ...".
  [[nodiscard]] const std::string& error() const { return error_; }

  // Forgets a command that was cut; the next parse() starts afresh.
  void reset();

 private:
  // request_parser.cpp describes the states.
  const RequestLimits limits_;
  std::vector<std::string_view> args_;
  std::vector<std::pair<size_t, size_t>> spans_;  // (offset, length) of the args so far.
  std::string unquoted_;                          // Storage of quoted inline arguments.
  std::string error_;
  size_t at_ = 0;
  size_t wanted_ = 0;
  size_t scanned_ = 0;
  int64_t args_left_ = -1;  // -1: the header of the command has not been read.
  int64_t bulk_length_ = -1;
};

}  // namespace doris::resp

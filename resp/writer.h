// Writer: values -> bytes, in the protocol version that the connection speaks.
//
// Appends to a Buffer and owns nothing, so it is made where it is used:
//
//   Writer(session.output(), session.protocol()).map(2).bulk("epoch").integer(7)...
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/buffer.h"
#include "resp/value.h"

namespace doris::resp {

enum class Protocol : uint8_t { kResp2 = 2, kResp3 = 3 };

class Writer {
 public:
  Writer(Buffer& out, Protocol protocol) : out_(out), protocol_(protocol) {}

  Writer& simple(std::string_view text);  // REQUIRES: no CR, no LF.
  Writer& error(std::string_view text);   // "ERR ..."; CR and LF become spaces.
  Writer& integer(int64_t value);
  Writer& bulk(std::string_view bytes);
  Writer& null();                           // "$-1" or "_".
  Writer& array(size_t items);              // The items follow.
  Writer& map(size_t pairs);                // RESP2: an array of twice as many.
  Writer& set(size_t items);                // RESP2: an array.
  Writer& push(size_t items);               // RESP2: an array.
  Writer& boolean(bool value);              // RESP2: 1 or 0.
  Writer& real(double value);               // RESP2: a bulk. ("double" is a keyword.)
  Writer& verbatim(std::string_view text);  // "txt"; RESP2: a bulk.
  // Simple strings, one under the other. REQUIRES: as simple().
  Writer& lines(std::span<const std::string_view> lines);
  Writer& value(const Value& value);  // REQUIRES: its simple strings have no CR, no LF.

 private:
  Writer& header(char type, int64_t number);

  Buffer& out_;
  const Protocol protocol_;
};

// A request in the multibulk form.
void write_request(Buffer& out, std::span<const std::string_view> args);
void write_request(Buffer& out, std::initializer_list<std::string_view> args);

}  // namespace doris::resp

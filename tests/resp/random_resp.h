// Random values, commands and near-misses of the protocol, from a seed.
#pragma once

#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/random.h"
#include "resp/value.h"
#include "resp/writer.h"
#include "tests/resp/pieces.h"

namespace doris::resp {

// Any bytes, protocol bytes among them more often than others.
inline std::string random_bytes(Random& random, size_t size_max) {
  static constexpr std::string_view kTelling = "\r\n$*+-:%~>|=!#,_( 0123456789\"'\\xt";
  std::string bytes(random.below(size_max + 1), '\0');
  for (char& c : bytes) {
    c = random.below(4) > 0 ? kTelling[random.below(kTelling.size())]
                            : static_cast<char>(random.below(256));
  }
  return bytes;
}

// Bytes that a simple string may have.
inline std::string random_line(Random& random, size_t size_max) {
  std::string line = random_bytes(random, size_max);
  for (char& c : line) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return line;
}

// Any value, nested up to `depth` deep.
inline Value random_value(Random& random, size_t depth) {
  using Kind = Value::Kind;
  Value value;
  value.kind = static_cast<Kind>(random.below(static_cast<uint64_t>(Kind::kBigNumber) + 1));
  const bool aggregate = value.is(Kind::kArray) || value.is(Kind::kMap) || value.is(Kind::kSet) ||
                         value.is(Kind::kPush);
  if (aggregate && depth == 0) value.kind = Kind::kBulk;
  switch (value.kind) {
    case Kind::kNull:
      break;
    case Kind::kSimple:
    case Kind::kError:
      value.text = random_line(random, 20);
      break;
    case Kind::kBulk:
    case Kind::kVerbatim:
      value.text = random_bytes(random, 40);
      break;
    case Kind::kBigNumber:
      value.text = "-" + std::to_string(random.next()) + "000000";
      break;
    case Kind::kInteger:
      value.integer = static_cast<int64_t>(random.next());
      break;
    case Kind::kBoolean:
      value.integer = static_cast<int64_t>(random.below(2));
      break;
    case Kind::kDouble:
      value.number = static_cast<double>(random.next()) / static_cast<double>(random.next() + 1);
      break;
    case Kind::kArray:
    case Kind::kMap:
    case Kind::kSet:
    case Kind::kPush:
      for (size_t i = random.below(4) * (value.is(Kind::kMap) ? 2 : 1); i > 0; --i) {
        value.items.push_back(random_value(random, depth - 1));
      }
  }
  return value;
}

inline Command random_command(Random& random) {
  Command command(random.below(6));
  for (std::string& arg : command)
    arg = random_bytes(random, 30);
  return command;
}

inline void append_command(std::string& stream, const Command& command) {
  Buffer out;
  const std::vector<std::string_view> args(command.begin(), command.end());
  write_request(out, args);
  stream += out.view();
}

inline std::string bytes_of(const Value& value, Protocol protocol) {
  Buffer out;
  Writer(out, protocol).value(value);
  return std::string(out.view());
}

// Changes, drops or inserts a byte in a few places.
inline void spoil(Random& random, std::string& bytes) {
  for (size_t i = 1 + random.below(3); i > 0 && !bytes.empty(); --i) {
    const size_t at = random.below(bytes.size());
    switch (random.below(3)) {
      case 0:
        bytes[at] = random_bytes(random, 1).append("*")[0];
        break;
      case 1:
        bytes.erase(at, 1);
        break;
      default:
        bytes.insert(at, random_bytes(random, 3));
    }
  }
}

}  // namespace doris::resp

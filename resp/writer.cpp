#include "resp/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "base/check.h"

namespace doris::resp {
namespace {

constexpr size_t kHeaderBytesMax = 1 + 20 + 2;  // Type, 64-bit number, CRLF.

char* put_header(char* at, char type, int64_t number) {
  *at++ = type;
  at = std::to_chars(at, at + 20, number).ptr;
  *at++ = '\r';
  *at++ = '\n';
  return at;
}

void append_bulk(Buffer& out, std::string_view bytes) {
  char* const begin = out.prepare(kHeaderBytesMax + bytes.size() + 2).data();
  char* at = put_header(begin, '$', static_cast<int64_t>(bytes.size()));
  at = std::copy(bytes.begin(), bytes.end(), at);
  *at++ = '\r';
  *at++ = '\n';
  out.commit(static_cast<size_t>(at - begin));
}

void append_header(Buffer& out, char type, int64_t number) {
  char* const begin = out.prepare(kHeaderBytesMax).data();
  out.commit(static_cast<size_t>(put_header(begin, type, number) - begin));
}

// A line of any type: the byte that tells it, the text, CRLF. REQUIRES: no CR or LF in it.
void append_line(Buffer& out, char type, std::string_view text) {
  char* const begin = out.prepare(1 + text.size() + 2).data();
  char* at = begin;
  *at++ = type;
  at = std::copy(text.begin(), text.end(), at);
  *at++ = '\r';
  *at++ = '\n';
  out.commit(static_cast<size_t>(at - begin));
}

std::string real_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return fmt::format("{}", value);
}

}  // namespace

Writer& Writer::header(char type, int64_t number) {
  append_header(out_, type, number);
  return *this;
}

Writer& Writer::simple(std::string_view text) {
  DORIS_CHECK(text.find_first_of("\r\n") == std::string_view::npos, "a simple string is one line");
  append_line(out_, '+', text);
  return *this;
}

Writer& Writer::error(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  append_line(out_, '-', line);
  return *this;
}

Writer& Writer::integer(int64_t value) {
  return header(':', value);
}

Writer& Writer::bulk(std::string_view bytes) {
  append_bulk(out_, bytes);
  return *this;
}

Writer& Writer::null() {
  out_.append(protocol_ == Protocol::kResp3 ? "_\r\n" : "$-1\r\n");
  return *this;
}

Writer& Writer::array(size_t items) {
  return header('*', static_cast<int64_t>(items));
}

Writer& Writer::map(size_t pairs) {
  if (protocol_ == Protocol::kResp3) return header('%', static_cast<int64_t>(pairs));
  return array(2 * pairs);
}

Writer& Writer::set(size_t items) {
  return header(protocol_ == Protocol::kResp3 ? '~' : '*', static_cast<int64_t>(items));
}

Writer& Writer::push(size_t items) {
  return header(protocol_ == Protocol::kResp3 ? '>' : '*', static_cast<int64_t>(items));
}

Writer& Writer::boolean(bool value) {
  if (protocol_ == Protocol::kResp2) return integer(value ? 1 : 0);
  out_.append(value ? "#t\r\n" : "#f\r\n");
  return *this;
}

Writer& Writer::real(double value) {
  const std::string text = real_text(value);
  if (protocol_ == Protocol::kResp2) return bulk(text);
  append_line(out_, ',', text);
  return *this;
}

Writer& Writer::verbatim(std::string_view text) {
  if (protocol_ == Protocol::kResp2) return bulk(text);
  header('=', static_cast<int64_t>(text.size() + 4));
  out_.append("txt:");
  out_.append(text);
  out_.append("\r\n");
  return *this;
}

Writer& Writer::lines(std::span<const std::string_view> lines) {
  array(lines.size());
  for (const std::string_view line : lines)
    simple(line);
  return *this;
}

Writer& Writer::value(const Value& value) {
  using Kind = Value::Kind;
  switch (value.kind) {
    case Kind::kNull:
      return null();
    case Kind::kSimple:
      return simple(value.text);
    case Kind::kError:
      return error(value.text);
    case Kind::kInteger:
      return integer(value.integer);
    case Kind::kBulk:
      return bulk(value.text);
    case Kind::kBoolean:
      return boolean(value.integer != 0);
    case Kind::kDouble:
      return real(value.number);
    case Kind::kVerbatim:
      return verbatim(value.text);
    case Kind::kBigNumber:
      if (protocol_ == Protocol::kResp2) return bulk(value.text);
      append_line(out_, '(', value.text);
      return *this;
    case Kind::kArray:
      array(value.items.size());
      break;
    case Kind::kMap:
      DORIS_CHECK(value.items.size() % 2 == 0, "a map has a value for each key");
      map(value.items.size() / 2);
      break;
    case Kind::kSet:
      set(value.items.size());
      break;
    case Kind::kPush:
      push(value.items.size());
      break;
  }
  for (const Value& item : value.items)
    this->value(item);
  return *this;
}

void write_request(Buffer& out, std::span<const std::string_view> args) {
  append_header(out, '*', static_cast<int64_t>(args.size()));
  for (const std::string_view arg : args)
    append_bulk(out, arg);
}

void write_request(Buffer& out, std::initializer_list<std::string_view> args) {
  write_request(out, std::span<const std::string_view>(args.begin(), args.size()));
}

}  // namespace doris::resp

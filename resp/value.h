// Value: any RESP2 or RESP3 value as a tree that owns its bytes. For the control path,
// tools and tests, and where an answer on the data path is no scalar; of scalars that path has
// ReplyParser's views.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doris::resp {

struct Value {
  enum class Kind : uint8_t {
    kNull,
    kSimple,     // +text
    kError,      // -CODE text
    kInteger,    // :n
    kBulk,       // $n bytes
    kArray,      // *n
    kMap,        // %n (RESP3); items holds key, value, key, value...
    kSet,        // ~n (RESP3)
    kPush,       // >n (RESP3)
    kDouble,     // ,d (RESP3)
    kBoolean,    // #t (RESP3)
    kVerbatim,   // =n txt:... (RESP3); text is without the "txt:"
    kBigNumber,  // (n (RESP3)
  };

  Kind kind = Kind::kNull;
  int64_t integer = 0;       // kInteger, kBoolean (0 or 1).
  double number = 0;         // kDouble.
  std::string text;          // kSimple, kError, kBulk, kVerbatim, kBigNumber.
  std::vector<Value> items;  // kArray, kMap, kSet, kPush.

  static Value null() { return {}; }
  static Value simple(std::string text) { return with_text(Kind::kSimple, std::move(text)); }
  static Value error(std::string text) { return with_text(Kind::kError, std::move(text)); }
  static Value bulk(std::string text) { return with_text(Kind::kBulk, std::move(text)); }
  static Value of(int64_t integer) {
    Value value;
    value.kind = Kind::kInteger;
    value.integer = integer;
    return value;
  }
  static Value array(std::vector<Value> items) {
    return with_items(Kind::kArray, std::move(items));
  }
  static Value map(std::vector<Value> keys_and_values) {
    return with_items(Kind::kMap, std::move(keys_and_values));
  }

  [[nodiscard]] bool is(Kind other) const { return kind == other; }

  // The value of `key` in a map, or in an array of alternating keys and values; nullptr.
  [[nodiscard]] const Value* get(std::string_view key) const;

  bool operator==(const Value&) const = default;

 private:
  static Value with_text(Kind kind, std::string text) {
    Value value;
    value.kind = kind;
    value.text = std::move(text);
    return value;
  }
  static Value with_items(Kind kind, std::vector<Value> items) {
    Value value;
    value.kind = kind;
    value.items = std::move(items);
    return value;
  }
};

}  // namespace doris::resp

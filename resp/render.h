// A Value for programs (maps, RESP3) -> the same for people (lines, RESP2).
//
// redis-cli prints simple strings without quotes, so an array of them reads as text:
//
//   a map               "key:    value" lines, values aligned
//   an array of maps    a line of column names, then one line each, columns aligned
//   a map or an array   inside another is indented below its key
//   nothing             is said to be nothing
//   anything else       stays as it is
#pragma once

#include "resp/value.h"

namespace doris::resp {

// An array of simple strings, or `value` itself where there is nothing to lay out (scalars,
// errors).
[[nodiscard]] Value render(const Value& value);

}  // namespace doris::resp

// Any bytes, cut anywhere, give the same replies.
#include "base/check.h"
#include "tests/resp/pieces.h"

using namespace doris;
using namespace doris::resp;

namespace {

// NaN is not equal to itself.
bool has_nan(const Value& value) {
  if (value.number != value.number) return true;
  for (const Value& item : value.items) {
    if (has_nan(item)) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr ReplyLimits kLimits{.bulk_bytes_max = 200, .items_max = 50, .nesting_max = 6};
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const Outcome<Value> whole = parse_replies(stream, {}, kLimits);
  for (const Value& value : whole.items) {
    if (has_nan(value)) return 0;
  }
  Random random(size);
  for (int i = 0; i < 3; ++i) {
    const auto cuts = random_cuts(random, size, 1 + size);
    DORIS_CHECK(parse_replies(stream, cuts, kLimits) == whole, "cuts do not matter");
  }
  return 0;
}

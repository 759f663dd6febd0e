// Whatever replies a peer sends, they can be written for a client, and come back from there:
// a router does so with the admin's. In RESP2 too they stay one reply each.
#include "base/check.h"
#include "tests/resp/pieces.h"
#include "tests/resp/random_resp.h"

using namespace doris;
using namespace doris::resp;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr ReplyLimits kLimits{.bulk_bytes_max = 1000, .items_max = 200, .nesting_max = 8};
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  for (const Value& value : parse_replies(stream, {}, kLimits).items) {
    const std::string once = bytes_of(value, Protocol::kResp3);
    const Outcome<Value> back = parse_replies(once, {}, kLimits);
    DORIS_CHECK(back.items.size() == 1 && back.left == 0, "one value is one reply");
    DORIS_CHECK(bytes_of(back.items[0], Protocol::kResp3) == once, "a value comes back");
    const Outcome<Value> older = parse_replies(bytes_of(value, Protocol::kResp2), {}, kLimits);
    DORIS_CHECK(older.items.size() == 1 && older.left == 0, "in RESP2 too");
  }
  return 0;
}

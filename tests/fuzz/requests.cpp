// Any bytes, cut anywhere, give the same commands; and each command, written as a request,
// comes back.
#include "base/check.h"
#include "tests/resp/pieces.h"
#include "tests/resp/random_resp.h"

using namespace doris;
using namespace doris::resp;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr RequestLimits kLimits{.bulk_bytes_max = 200, .args_max = 50, .inline_bytes_max = 300};
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const Outcome<Command> whole = parse_requests(stream, {}, kLimits);
  Random random(size);
  for (int i = 0; i < 3; ++i) {
    const auto cuts = random_cuts(random, size, 1 + size);
    DORIS_CHECK(parse_requests(stream, cuts, kLimits) == whole, "cuts do not matter");
  }
  std::string again;
  for (const Command& command : whole.items)
    append_command(again, command);
  constexpr RequestLimits kWide{.bulk_bytes_max = 400, .args_max = 400, .inline_bytes_max = 0};
  DORIS_CHECK(parse_requests(again, {}, kWide).items == whole.items, "requests come back");
  return 0;
}

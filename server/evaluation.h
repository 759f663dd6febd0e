// Evaluation: what an update makes of the record that it finds, and what it answers. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "resp/update.h"
#include "resp/value.h"
#include "server/record.h"

namespace doris::server {

struct Evaluation {
  resp::Value reply;  // To the client. An error: nothing changes.
  bool changes = false;

  // What the key holds afterwards. REQUIRES for all three: `changes`.
  bool removes = false;
  int64_t expires_at_ms = 0;
  std::string value{};
};

// Whether evaluating needs the value that is there, not only that there is one.
[[nodiscard]] bool needs_value(resp::Update update);

// `found` is the key's record if it is live: nothing else counts as there. A value of more than
// `value_bytes_max` bytes is not made.
[[nodiscard]] Evaluation evaluate(resp::Update update, std::string_view argument,
                                  const std::optional<RecordView>& found, size_t value_bytes_max);

}  // namespace doris::server

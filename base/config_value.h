// One value of doris.conf: from what an operator writes to what a program uses, and the
// words in which the manual, --help and the errors say what may be written.
#pragma once

#include <string>
#include <string_view>

#include "base/config.h"

namespace doris {

// kInvalid says what is wrong with `written` and what would be right; it does not name
// the key.
[[nodiscard]] Result<ConfigValue> parse_config_value(const ConfigKey& key,
                                                     std::string_view written);

// "1kb to 512mb", "yes or no", "an address such as ...".
[[nodiscard]] std::string accepted_values(const ConfigKey& key);

// What the manual and --help say after a key's reason, in full:
// "Size, 1kb to 512mb; default 64mb. Read by: router, server."
[[nodiscard]] std::string describe(const ConfigKey& key);

// The largest unit that needs no fraction: "64mb", "1500ms", "2h".
[[nodiscard]] std::string written_bytes(int64_t bytes);
[[nodiscard]] std::string written_duration(Millis duration);

}  // namespace doris

// Redis's patterns of names.
#pragma once

#include <string_view>

namespace doris::resp {

// Whether `text` matches a glob (* ? [a-z] [^a] \x), without regard to case. Linear in the worst
// case for each star, so a hostile pattern cannot take long.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace doris::resp

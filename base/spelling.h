// Spelling: "did you mean ...?" for a mistyped key or flag.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace doris {

// The candidate that `word` was most likely meant to be: the fewest letters inserted,
// dropped, replaced or swapped with a neighbour, and no more than a third of the word.
// Capitals count as small letters. Empty when none is that close; the first of equally
// close ones.
[[nodiscard]] std::string_view nearest_spelling(std::string_view word,
                                                const std::vector<std::string_view>& candidates);

// "; did you mean '--x'?" with the nearest candidate or, if there is none, all of which `word`
// is the end: 'port' may be meant for 'router-port' and for 'admin-port'. Else nothing.
// `dashes` stands before each, as one has to write it.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string_view>& candidates,
                                       std::string_view dashes = "");

}  // namespace doris

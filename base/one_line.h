// What is quoted, from a file, a command line or a peer, shown to people.
#pragma once

#include <string>
#include <string_view>

namespace doris {

// `text` with its control bytes as \xNN, so that what it quotes can neither start a line of its
// own nor drive the terminal that shows it.
[[nodiscard]] std::string one_line(std::string_view text);

}  // namespace doris

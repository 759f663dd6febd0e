// Small text files that are replaced as a whole: after a crash the old text is there, or
// the new one, never a mixture. A last line seals each, so that no flipped bit passes:
//
//   checksum <16 hex digits: XXH64 with seed 0 of all that precedes the line>
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace doris::server {

// Text and seal. REQUIRES: the text is empty or ends in a newline.
[[nodiscard]] std::string sealed(std::string_view text);

// The text within a sealed one. kCorrupt when the seal is missing or does not fit.
[[nodiscard]] Result<std::string_view> unsealed(std::string_view file);

// Writes `path`.tmp, syncs it, renames it to `path` and syncs the directory: it is on the
// disk when this returns, which blocks for that long. When it fails before the rename, as
// on a full disk, the old file stays. A failed sync is not tried again.
Status replace_file(const std::string& path, std::string_view content);

// The whole file. kNotFound if there is none.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

}  // namespace doris::server

// INFO of a data server, in Redis's form.
#pragma once

#include <string>

#include "server/node.h"

namespace doris::server {

[[nodiscard]] std::string info_text(const Node& node);

}  // namespace doris::server

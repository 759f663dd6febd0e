// What the keys in meta.db begin with: whose they are. FORMAT.md has the rest.
#pragma once

#include <string_view>

namespace doris::server {

constexpr std::string_view kLedgerPrefix = "ledger";
constexpr std::string_view kFloorPrefix = "floor";

}  // namespace doris::server

// The subcommands of CLIENT and CLUSTER: tables whose rows have a `name` (lower-case) and an
// `arity` (the command included; negative: at least so many words).
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "resp/command_spec.h"
#include "resp/errors.h"
#include "resp/words.h"
#include "router/client_session.h"

namespace doris::router {

// The row that args[1] names, in any case, if it takes so many words. Else nullptr, and Redis's
// error has been replied. `command` is lower-case.
template <class Rows>
auto* find_subcommand(ClientSession& session, std::string_view command, const Rows& rows,
                      Args args) {
  const auto row = std::ranges::find_if(
      rows, [&](const auto& each) { return resp::equals_ignoring_case(args[1], each.name); });
  if (row == std::end(rows)) {
    std::string upper(command);
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return static_cast<char>(c - 'a' + 'A'); });
    session.reply_error(resp::unknown_subcommand(upper, args[1]));
  } else if (!resp::arity_fits(row->arity, args.size())) {
    session.reply_error(resp::wrong_arity(std::string(command) + "|" + std::string(row->name)));
  } else {
    return &*row;
  }
  return static_cast<decltype(&*row)>(nullptr);
}

}  // namespace doris::router

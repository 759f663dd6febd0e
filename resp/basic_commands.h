// Commands that every Redis answers about itself and the connection, for the programs whose
// sessions answer at once (the admin, a data server's control port): PING ECHO QUIT RESET
// HELLO SELECT TIME CLIENT COMMAND CONFIG. The router has its own, which keep their place
// among replies that come later.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/config.h"
#include "resp/command_spec.h"
#include "resp/session.h"

namespace doris::resp {

// What the answers need to know of the program.
struct BasicFacts {
  const Clock& clock;
  const Config& config;
  Program program;
  std::string_view role;               // HELLO's "server": "doris-admin".
  std::span<const CommandSpec> specs;  // All commands, the basic ones included.
};

// The specs of the basic commands, to be put into a program's own table.
[[nodiscard]] std::span<const CommandSpec> basic_command_specs();

// The spec of a command of the program, or nullptr when an error was replied: the name is
// unknown or the number of arguments wrong.
const CommandSpec* admit_command(Session& session, std::span<const CommandSpec> specs,
                                 std::span<const std::string_view> args);

// Runs `args` if it is a basic command: replies and returns true. REQUIRES: admit_command()
// has let it pass.
bool run_basic_command(Session& session, uint64_t session_id, const BasicFacts& facts,
                       std::span<const std::string_view> args);

}  // namespace doris::resp

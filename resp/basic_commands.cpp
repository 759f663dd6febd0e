#include "resp/basic_commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/command_line.h"
#include "resp/config_reply.h"
#include "resp/errors.h"
#include "resp/words.h"

namespace doris::resp {
namespace {

using Args = std::span<const std::string_view>;

// One call of a basic command.
struct Call {
  Session& session;
  uint64_t id;
  const BasicFacts& facts;
  Args args;

  Writer reply() const { return session.reply(); }
};

void run_ping(const Call& call) {
  if (call.args.size() > 1) {
    call.reply().bulk(call.args[1]);
  } else {
    call.reply().simple("PONG");
  }
}

void run_echo(const Call& call) {
  call.reply().bulk(call.args[1]);
}

void run_quit(const Call& call) {
  call.reply().simple("OK");
  call.session.close();
}

void run_reset(const Call& call) {
  call.session.set_protocol(Protocol::kResp2);
  call.reply().simple("RESET");
}

void run_select(const Call& call) {
  if (call.args[1] == "0") {
    call.reply().simple("OK");
  } else {
    call.reply().error("ERR DB index is out of range");
  }
}

// HELLO's options (AUTH, SETNAME) say nothing that a program without clients of its own
// would keep; they are let pass.
void run_hello(const Call& call) {
  if (call.args.size() > 1) {
    if (call.args[1] != "2" && call.args[1] != "3") {
      call.reply().error(kNoProto);
      return;
    }
    call.session.set_protocol(call.args[1] == "3" ? Protocol::kResp3 : Protocol::kResp2);
  }
  Writer writer = call.reply();
  writer.map(7);
  writer.bulk("server").bulk(call.facts.role);
  writer.bulk("version").bulk(doris_version());
  writer.bulk("proto").integer(static_cast<int64_t>(call.session.protocol()));
  writer.bulk("id").integer(static_cast<int64_t>(call.id));
  writer.bulk("mode").bulk("standalone");
  writer.bulk("role").bulk("master");
  writer.bulk("modules").array(0);
}

void run_time(const Call& call) {
  const int64_t now_ms = call.facts.clock.wall_ms();
  call.reply()
      .array(2)
      .bulk(fmt::to_string(now_ms / 1000))
      .bulk(fmt::to_string(now_ms % 1000 * 1000));
}

void run_client(const Call& call) {
  const std::string_view word = call.args[1];
  if (equals_ignoring_case(word, "id")) {
    call.reply().integer(static_cast<int64_t>(call.id));
  } else if (equals_ignoring_case(word, "getname")) {
    call.reply().null();
  } else if (equals_ignoring_case(word, "setname") || equals_ignoring_case(word, "setinfo")) {
    call.reply().simple("OK");
  } else {
    call.reply().error(unknown_subcommand("CLIENT", word));
  }
}

void run_command(const Call& call) {
  write_command_reply(call.reply(), call.facts.specs, call.args);
}

void run_config(const Call& call) {
  if (const std::string error = config_error(call.args); !error.empty()) {
    call.reply().error(error);
  } else {
    write_config_reply(call.reply(), call.facts.config, call.facts.program, call.args);
  }
}

constexpr CommandSpec kSpecs[] = {
    {"ping", -1, "fast", 0, 0, 0, "connection", "1.0.0", "Ping the server"},
    {"echo", 2, "fast", 0, 0, 0, "connection", "1.0.0", "Echo the given string"},
    {"quit", -1, "fast", 0, 0, 0, "connection", "1.0.0", "Close the connection"},
    {"reset", 1, "fast", 0, 0, 0, "connection", "6.2.0", "Reset the connection"},
    {"select", 2, "fast", 0, 0, 0, "connection", "1.0.0", "Accepts 0 only"},
    {"hello", -1, "fast", 0, 0, 0, "connection", "6.0.0", "Handshake"},
    {"time", 1, "fast", 0, 0, 0, "server", "2.6.0", "Return the current server time"},
    {"client", -2, "admin", 0, 0, 0, "connection", "2.4.0", "ID, SETNAME, GETNAME, SETINFO"},
    {"command", -1, "", 0, 0, 0, "server", "2.8.13", "Get array of command details"},
    {"config", -2, "admin", 0, 0, 0, "server", "2.0.0", "CONFIG GET pattern, CONFIG HELP"},
};

using Handler = void (*)(const Call&);
constexpr Handler kHandlers[] = {run_ping,  run_echo, run_quit,   run_reset,   run_select,
                                 run_hello, run_time, run_client, run_command, run_config};
static_assert(std::size(kSpecs) == std::size(kHandlers));

}  // namespace

std::span<const CommandSpec> basic_command_specs() {
  return kSpecs;
}

const CommandSpec* admit_command(Session& session, std::span<const CommandSpec> specs, Args args) {
  const auto found = std::find_if(specs.begin(), specs.end(), [&](const CommandSpec& spec) {
    return equals_ignoring_case(spec.name, args[0]);
  });
  if (found == specs.end()) {
    session.reply().error(unknown_command(args));
  } else if (!arity_fits(*found, args.size())) {
    session.reply().error(wrong_arity(found->name));
  } else {
    return &*found;
  }
  session.flush_soon();
  return nullptr;
}

bool run_basic_command(Session& session, uint64_t session_id, const BasicFacts& facts, Args args) {
  for (size_t i = 0; i < std::size(kSpecs); ++i) {
    if (!equals_ignoring_case(kSpecs[i].name, args[0])) continue;
    kHandlers[i]({session, session_id, facts, args});
    if (!session.ended()) session.flush_soon();
    return true;
  }
  return false;
}

}  // namespace doris::resp

// PING ECHO QUIT SELECT HELLO AUTH RESET, and the refusal of MULTI: commands about
// the connection itself.
#include <fmt/format.h>

#include "resp/errors.h"
#include "resp/words.h"
#include "router/client_commands.h"
#include "router/command_table.h"

namespace doris::router {
namespace {

using resp::Protocol;

constexpr std::string_view kNoPassword =
    "ERR AUTH <password> called without any password configured for the default user. Are you "
    "sure your configuration is correct?";
constexpr std::string_view kWrongPassword =
    "WRONGPASS invalid username-password pair or user is disabled.";

// What HELLO was asked for; applied only when all of it is right.
struct Hello {
  Protocol protocol;
  std::string_view name;
  bool has_name = false;
};

// Reads HELLO's arguments. False when an error has been replied.
bool parse_hello(ClientSession& session, Args args, Hello& hello) {
  hello.protocol = session.protocol();
  if (args.size() > 1) {
    int64_t version = 0;
    if (!resp::parse_integer(args[1], version)) {
      session.reply_error("ERR Protocol version is not an integer or out of range");
      return false;
    }
    if (version != 2 && version != 3) {
      session.reply_error(resp::kNoProto);
      return false;
    }
    hello.protocol = version == 3 ? Protocol::kResp3 : Protocol::kResp2;
  }
  for (size_t i = 2; i < args.size();) {
    if (resp::equals_ignoring_case(args[i], "auth") && i + 2 < args.size()) {
      if (args[i + 1] != "default") {
        session.reply_error(kWrongPassword);
        return false;
      }
      i += 3;
    } else if (resp::equals_ignoring_case(args[i], "setname") && i + 1 < args.size()) {
      hello.name = args[i + 1];
      hello.has_name = true;
      i += 2;
    } else {
      session.reply_error(fmt::format("ERR Syntax error in HELLO option '{}'", args[i]));
      return false;
    }
  }
  return true;
}

}  // namespace

void run_ping(ClientSession& session, Args args) {
  if (args.size() > 2) {
    session.reply_error(resp::wrong_arity("ping"));
  } else if (args.size() == 2) {
    session.reply_now().bulk(args[1]);
  } else {
    session.reply_now().simple("PONG");
  }
}

void run_echo(ClientSession& session, Args args) {
  session.reply_now().bulk(args[1]);
}

void run_quit(ClientSession& session, Args) {
  session.reply_now().simple("OK");
  session.close_when_replied();
}

void run_select(ClientSession& session, Args args) {
  int64_t index = 0;
  if (!resp::parse_integer(args[1], index)) {
    session.reply_error(resp::kNotAnInteger);
  } else if (index < 0 || index >= session.host().settings().databases) {
    session.reply_error("ERR DB index is out of range");
  } else {
    session.name_space = static_cast<uint32_t>(index);
    session.reply_now().simple("OK");
  }
}

void run_hello(ClientSession& session, Args args) {
  Hello hello{};
  if (!parse_hello(session, args, hello)) return;
  if (hello.has_name && !set_client_name(session, hello.name)) return;
  session.set_protocol(hello.protocol);
  session.reply_now()
      .map(7)
      .bulk("server")
      .bulk("redis")
      .bulk("version")
      .bulk(resp::kRedisVersion)
      .bulk("proto")
      .integer(static_cast<int64_t>(hello.protocol))
      .bulk("id")
      .integer(static_cast<int64_t>(session.id()))
      .bulk("mode")
      .bulk("standalone")
      .bulk("role")
      .bulk("master")
      .bulk("modules")
      .array(0);
}

// There are no passwords yet: as in a Redis without one, the default user may always come in.
void run_auth(ClientSession& session, Args args) {
  if (args.size() > 3) {
    session.reply_error(resp::kSyntaxError);
  } else if (args.size() == 2) {
    session.reply_error(kNoPassword);
  } else if (args[1] != "default") {
    session.reply_error(kWrongPassword);
  } else {
    session.reply_now().simple("OK");
  }
}

void run_reset(ClientSession& session, Args) {
  session.reset();
  session.do_in_turn(Request::Kind::kReset);
}

// MULTI is refused, and everything up to EXEC or DISCARD with it: a client that sends a
// whole transaction in one pipeline must not have its inside run as if nothing were wrong.
void run_multi(ClientSession& session, Args args) {
  session.refusing_transaction = true;
  refuse_unknown(session, args);
}

void run_exec(ClientSession& session, Args args) {
  session.refusing_transaction = false;
  refuse_unknown(session, args);
}

}  // namespace doris::router

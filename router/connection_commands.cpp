// PING ECHO QUIT SELECT HELLO AUTH RESET CLIENT, and the refusal of MULTI: commands about
// the connection itself.
#include <fmt/format.h>

#include <algorithm>

#include "resp/errors.h"
#include "resp/words.h"
#include "router/command_table.h"

namespace doris::router {
namespace {

using resp::Protocol;

constexpr std::string_view kNoPassword =
    "ERR AUTH <password> called without any password configured for the default user. Are you "
    "sure your configuration is correct?";
constexpr std::string_view kWrongPassword =
    "WRONGPASS invalid username-password pair or user is disabled.";

// Redis allows what a person can type and a log line can hold.
bool is_plain_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

bool set_client_name(ClientSession& session, std::string_view name) {
  if (!is_plain_word(name)) {
    session.reply_error("ERR Client names cannot contain spaces, newlines or special characters.");
    return false;
  }
  session.client_name.assign(name);
  return true;
}

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

void client_setinfo(ClientSession& session, Args args) {
  const bool is_name = resp::equals_ignoring_case(args[2], "lib-name");
  if (!is_name && !resp::equals_ignoring_case(args[2], "lib-ver")) {
    session.reply_error(fmt::format("ERR Unrecognized option '{}'", args[2]));
    return;
  }
  if (!is_plain_word(args[3])) {
    session.reply_error(
        fmt::format("ERR {} cannot contain spaces, newlines or special characters.", args[2]));
    return;
  }
  (is_name ? session.library_name : session.library_version).assign(args[3]);
  session.reply_now().simple("OK");
}

void client_id(ClientSession& session, Args) {
  session.reply_now().integer(static_cast<int64_t>(session.id()));
}

void client_setname(ClientSession& session, Args args) {
  if (set_client_name(session, args[2])) session.reply_now().simple("OK");
}

void client_info(ClientSession& session, Args) {
  session.reply_now().verbatim(session.describe() + "\n");
}

void client_getname(ClientSession& session, Args) {
  if (session.client_name.empty()) {
    session.reply_now().null();
  } else {
    session.reply_now().bulk(session.client_name);
  }
}

void client_list(ClientSession& session, Args) {
  session.host().list_clients(session, session.promise());
}

void client_switch(ClientSession& session, Args args) {
  if (resp::equals_ignoring_case(args[2], "on") || resp::equals_ignoring_case(args[2], "off")) {
    session.reply_now().simple("OK");
  } else {
    session.reply_error(resp::kSyntaxError);
  }
}

void client_help(ClientSession& session, Args) {
  constexpr std::string_view kLines[] = {
      "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "GETNAME",
      "    Return the name of the current connection.",
      "ID",
      "    Return the ID of the current connection.",
      "INFO",
      "    Return information about the current client connection.",
      "LIST",
      "    Return information about client connections.",
      "NO-EVICT (ON|OFF)",
      "    Accepted for clients that ask; the router evicts nothing.",
      "SETINFO <option> <value>",
      "    Set client meta attr. Options: lib-name, lib-ver.",
      "SETNAME <name>",
      "    Assign the name <name> to the current connection.",
      "HELP",
      "    Print this help."};
  resp::Writer writer = session.reply_now();
  writer.array(std::size(kLines));
  for (const std::string_view line : kLines)
    writer.simple(line);
}

struct ClientCommand {
  std::string_view name;
  size_t words;  // CLIENT included.
  void (*run)(ClientSession& session, Args args);
};

constexpr ClientCommand kClientCommands[] = {
    {"id", 2, client_id},           {"getname", 2, client_getname}, {"setname", 3, client_setname},
    {"setinfo", 4, client_setinfo}, {"info", 2, client_info},       {"list", 2, client_list},
    {"no-evict", 3, client_switch}, {"no-touch", 3, client_switch}, {"help", 2, client_help},
};

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

void run_client(ClientSession& session, Args args) {
  const std::string_view word = args[1];
  const auto found = std::ranges::find_if(kClientCommands, [&](const ClientCommand& command) {
    return resp::equals_ignoring_case(word, command.name);
  });
  if (found == std::end(kClientCommands)) {
    session.reply_error(resp::unknown_subcommand("CLIENT", word));
  } else if (args.size() != found->words) {
    session.reply_error(resp::wrong_arity(fmt::format("client|{}", found->name)));
  } else {
    found->run(session, args);
  }
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

// CLIENT: what a client may ask and say about itself and the others.
#include "router/client_commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "resp/errors.h"
#include "resp/words.h"
#include "router/command_table.h"

namespace doris::router {
namespace {

// Redis allows what a person can type and a log line can hold.
bool is_plain_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
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

// Only ON is answered, since only then anybody listens.
void client_reply(ClientSession& session, Args args) {
  if (resp::equals_ignoring_case(args[2], "on")) {
    session.reply_mode.on();
    session.reply_now().simple("OK");
  } else if (resp::equals_ignoring_case(args[2], "off")) {
    session.reply_mode.off();
  } else if (resp::equals_ignoring_case(args[2], "skip")) {
    session.reply_mode.skip_next();
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
      "REPLY (ON|OFF|SKIP)",
      "    Control the replies sent to the current connection.",
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
    {"no-evict", 3, client_switch}, {"no-touch", 3, client_switch}, {"reply", 3, client_reply},
    {"help", 2, client_help},
};

}  // namespace

bool set_client_name(ClientSession& session, std::string_view name) {
  if (!is_plain_word(name)) {
    session.reply_error("ERR Client names cannot contain spaces, newlines or special characters.");
    return false;
  }
  session.client_name.assign(name);
  return true;
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

}  // namespace doris::router

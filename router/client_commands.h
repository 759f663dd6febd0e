// What CLIENT has in common with HELLO.
#pragma once

#include <string_view>

#include "router/client_session.h"

namespace doris::router {

// CLIENT SETNAME. False when an error has been replied.
bool set_client_name(ClientSession& session, std::string_view name);

}  // namespace doris::router

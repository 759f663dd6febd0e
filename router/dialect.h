// The internal dialect, as the router writes it (resp/PROTOCOL.md, "Router to data
// server"). Pure: bytes out, nothing else.
#pragma once

#include <string_view>

#include "base/buffer.h"
#include "base/topology/topology.h"
#include "resp/version.h"

namespace doris::router {

void write_vget(Buffer& out, topology::Vnode vnode, std::string_view key);
void write_vhas(Buffer& out, topology::Vnode vnode, std::string_view key);
void write_vcount(Buffer& out, std::string_view name_space, std::string_view databases);

// `role` is 'P' (primary) or 'S' (secondary).
void write_vset(Buffer& out, char role, topology::Vnode vnode, std::string_view key,
                const resp::Version& version, std::string_view value);
void write_vdel(Buffer& out, char role, topology::Vnode vnode, std::string_view key,
                const resp::Version& version);

// Reads a primary's answer to a write whose version it raised. False if it is not one.
[[nodiscard]] bool read_raised(std::string_view bulk, bool& existed, resp::Version& version);

}  // namespace doris::router

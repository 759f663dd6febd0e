#include "base/net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace doris::net {
namespace {

constexpr size_t kHostNameBytesMax = 253;  // RFC 1035.

bool is_literal(int family, std::string_view host) {
  in6_addr parsed;  // The larger of the two.
  return ::inet_pton(family, std::string(host).c_str(), &parsed) == 1;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_label(std::string_view label) {
  return !label.empty() && std::ranges::all_of(label, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

// No top-level domain is a number, so "256.0.0.1" is a mistyped literal and not a name.
bool is_host_name(std::string_view host) {
  if (host.size() > kHostNameBytesMax) return false;
  for (;;) {
    const size_t dot = host.find('.');
    const std::string_view label = host.substr(0, dot);
    if (!is_label(label)) return false;
    if (dot == std::string_view::npos) return !std::ranges::all_of(label, is_digit);
    host.remove_prefix(dot + 1);
  }
}

// Takes "[::1]" out of its brackets. Empty if there is no host.
std::string_view parse_host(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    const std::string_view inside = text.substr(1, text.size() - 2);
    return is_literal(AF_INET6, inside) ? inside : std::string_view{};
  }
  return is_literal(AF_INET, text) || is_host_name(text) ? text : std::string_view{};
}

bool parse_port(std::string_view text, uint16_t& port) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && stopped == end;
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    const std::string_view host = parse_host(text.substr(0, colon));
    uint16_t port = 0;
    if (!host.empty() && parse_port(text.substr(colon + 1), port)) {
      return Address{std::string(host), port};
    }
  }
  return Status::invalid(fmt::format(
      "'{}' is not an address; write 127.0.0.1:6379, [::1]:6379 or localhost:6379", text));
}

std::string Address::text() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace doris::net

#include "base/config_forms.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace doris {
namespace {

bool is_label(std::string_view text) {
  constexpr size_t kLabelBytesMax = 64;
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return text.size() <= kLabelBytesMax && std::ranges::all_of(text, allowed);
}

bool is_literal(int family, std::string_view text) {
  in6_addr address{};  // Large enough for both families.
  return ::inet_pton(family, std::string(text).c_str(), &address) == 1;
}

bool is_host(std::string_view text) {
  return text == "localhost" || is_literal(AF_INET, text) || is_literal(AF_INET6, text);
}

bool is_host_or_empty(std::string_view text) {
  return text.empty() || is_host(text);
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && rest == end && port >= 1 && port <= 65535;
}

// The colons of an IPv6 literal are told from the port's by brackets around the literal.
bool is_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_port(text.substr(colon + 1))) return false;
  const std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    return is_literal(AF_INET6, host.substr(1, host.size() - 2));
  }
  return host == "localhost" || is_literal(AF_INET, host);
}

bool is_anything(std::string_view) {
  return true;
}

bool is_not_empty(std::string_view text) {
  return !text.empty();
}

}  // namespace

const ConfigKey::Form kLabelForm = {"empty, or 1 to 64 of A-Z a-z 0-9 . _ -", is_label};
const ConfigKey::Form kHostForm = {"an IPv4 or IPv6 address, or localhost", is_host};
const ConfigKey::Form kHostOrEmptyForm = {"empty, an IPv4 or IPv6 address, or localhost",
                                          is_host_or_empty};
const ConfigKey::Form kAddressForm = {"an address and a port, as 127.0.0.1:6400 or [::1]:6400",
                                      is_address};
const ConfigKey::Form kFileForm = {"empty, or the path of a file", is_anything};
const ConfigKey::Form kDirectoryForm = {"the path of a directory", is_not_empty};

}  // namespace doris

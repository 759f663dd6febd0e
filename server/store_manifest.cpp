#include "server/store_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/command_line.h"
#include "base/limits.h"
#include "server/durable_file.h"

namespace doris::server {
namespace {

constexpr std::string_view kUnknown = "-";
constexpr size_t kClusterBytes = 32;
constexpr size_t kNodeBytesMax = 64;

bool is_cluster(std::string_view text) {
  return text.size() == kClusterBytes &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_node(std::string_view text) {
  static constexpr std::string_view kMarks = "._-";
  const auto allowed = [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || kMarks.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kNodeBytesMax &&
         std::all_of(text.begin(), text.end(), allowed);
}

bool is_valid(const StoreManifest& manifest) {
  const bool bound = is_cluster(manifest.cluster) && manifest.vnodes >= 1;
  const bool unbound = manifest.cluster.empty() && manifest.vnodes == 0;
  return is_node(manifest.node) && manifest.shards >= 1 && manifest.shards <= kShardsMax &&
         manifest.vnodes <= kVnodesMax && (bound || unbound);
}

// Cuts "<key> <value>\n" off the front; empty if it is not there.
std::string_view take_line(std::string_view& text, std::string_view key) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(key)) return {};
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line.size() > key.size() && line[key.size()] == ' ' ? line.substr(key.size() + 1)
                                                             : std::string_view{};
}

// 0 for what is not a number; no number of a manifest is 0.
uint32_t parse_number(std::string_view text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? number : 0;
}

Status check_format(std::string_view file) {
  const uint32_t format = parse_number(take_line(file, "doris-store"));
  if (format == 0) return Status::corrupt("it does not start with \"doris-store\" and a format");
  if (format <= kStoreFormat) return Status::okay();
  return Status::too_new(
      fmt::format("has store format {}; this doris-server {} reads up to {}: run a newer "
                  "doris-server",
                  format, doris_version(), kStoreFormat));
}

}  // namespace

std::string encode_manifest(const StoreManifest& manifest) {
  DORIS_CHECK(is_valid(manifest), "a manifest out of its ranges");
  const bool bound = !manifest.cluster.empty();
  return sealed(fmt::format("doris-store {}\nnode {}\nshards {}\ncluster {}\nvnodes {}\n",
                            kStoreFormat, manifest.node, manifest.shards,
                            bound ? manifest.cluster : kUnknown,
                            bound ? std::to_string(manifest.vnodes) : std::string(kUnknown)));
}

Result<StoreManifest> decode_manifest(std::string_view file) {
  // Before the seal: a later format may have another.
  DORIS_RETURN_IF_ERROR(check_format(file));
  Result<std::string_view> unsealed_text = unsealed(file);
  if (!unsealed_text.ok()) return unsealed_text.status();
  std::string_view text = *unsealed_text;
  StoreManifest manifest;
  take_line(text, "doris-store");
  manifest.node = take_line(text, "node");
  manifest.shards = parse_number(take_line(text, "shards"));
  manifest.cluster = take_line(text, "cluster");
  if (manifest.cluster == kUnknown) manifest.cluster.clear();
  manifest.vnodes = parse_number(take_line(text, "vnodes"));
  if (!is_valid(manifest) || encode_manifest(manifest) != file)
    return Status::corrupt("its lines are not those of store format 1");
  return manifest;
}

}  // namespace doris::server

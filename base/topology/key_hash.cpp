#include "base/topology/key_hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <xxhash.h>

#include <array>
#include <cstdlib>
#include <iterator>

#include "base/check.h"
#include "base/limits.h"

namespace doris::topology {
namespace {

constexpr unsigned kMd5Bytes = 16;

// The hash never sees the hex text: one digest byte stands for two digits, hi and lo, so
// h = 31*(31*h + hi) + lo = 961*h + (31*hi + lo), and the bracket comes from a table.
constexpr std::array<uint32_t, 256> kTwoDigits = [] {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<uint32_t, 256> table{};
  for (size_t byte = 0; byte < table.size(); ++byte) {
    table[byte] =
        31U * static_cast<uint32_t>(kHex[byte >> 4]) + static_cast<uint32_t>(kHex[byte & 15]);
  }
  return table;
}();

}  // namespace

// The algorithm is fetched once: looking it up by name for every key would cost more than
// the digest itself.
struct KeyHasher::Context {
  Context() : md5(EVP_MD_fetch(nullptr, "MD5", nullptr)), digest(EVP_MD_CTX_new()) {
    DORIS_CHECK(md5 != nullptr && digest != nullptr, "OpenSSL offers no MD5");
  }
  ~Context() {
    EVP_MD_CTX_free(digest);
    EVP_MD_free(md5);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  EVP_MD* const md5;
  EVP_MD_CTX* const digest;
};

KeyHasher::KeyHasher() : context_(std::make_unique<Context>()) {}
KeyHasher::~KeyHasher() = default;

Vnode KeyHasher::vnode(std::string_view physical_key, uint32_t vnodes) {
  DORIS_CHECK(vnodes >= 1 && vnodes <= kVnodesMax, "the number of vnodes is out of range");
  const std::string_view routed = routed_part(physical_key);
  std::array<unsigned char, kMd5Bytes> md5{};
  unsigned bytes = 0;
  const bool done = EVP_DigestInit_ex2(context_->digest, context_->md5, nullptr) == 1 &&
                    EVP_DigestUpdate(context_->digest, routed.data(), routed.size()) == 1 &&
                    EVP_DigestFinal_ex(context_->digest, md5.data(), &bytes) == 1;
  DORIS_CHECK(done && bytes == kMd5Bytes, "an MD5 failed");

  uint32_t hash = 0;
  for (const unsigned char byte : md5)
    hash = 961U * hash + kTwoDigits[byte];
  // As in Java: the remainder has the sign of the hash, and its magnitude counts. It is
  // taken first, so the hash -2^31, whose magnitude no int32 holds, is no special case.
  return static_cast<Vnode>(std::abs(static_cast<int32_t>(hash) % static_cast<int32_t>(vnodes)));
}

std::string_view routed_part(std::string_view physical_key) {
  const size_t open = physical_key.find('{');
  if (open == std::string_view::npos) return physical_key;
  const size_t close = physical_key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return physical_key;
  return physical_key.substr(open + 1, close - open - 1);
}

uint32_t order_hash(std::string_view physical_key) {
  return static_cast<uint32_t>(XXH64(physical_key.data(), physical_key.size(), 0) >> 32);
}

void append_physical_key(uint32_t name_space, std::string_view key, std::string& out) {
  if (name_space != 0) fmt::format_to(std::back_inserter(out), "{}:", name_space);
  out.append(key);
}

}  // namespace doris::topology

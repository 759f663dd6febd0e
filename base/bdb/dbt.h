// How bytes go into and come out of Berkeley DB. Private to this room.
#pragma once

#include <db.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/check.h"

namespace doris::bdb {

// Bytes that Berkeley DB reads and never writes to, whatever its type says.
inline DBT dbt_of(std::string_view bytes) {
  DORIS_CHECK(bytes.size() <= UINT32_MAX, "Berkeley DB counts bytes with 32 bits");
  DBT dbt{};
  dbt.data = const_cast<char*>(bytes.data());
  dbt.size = static_cast<uint32_t>(bytes.size());
  return dbt;
}

// A string to be filled. Enlarging a string sets its bytes to zero, which is lost work, so
// it is first offered as large as a value within a page may be, then as large as needed.
class Output {
 public:
  static constexpr size_t kFirstBytes = 2048;

  explicit Output(std::string& out) : out_(out) {
    out_.resize(std::clamp(out_.size(), kFirstBytes, std::max(out_.capacity(), kFirstBytes)));
    offer();
  }

  // Only the first `prefix_bytes` of the value.
  Output(std::string& out, size_t prefix_bytes) : out_(out) {
    out_.resize(prefix_bytes);
    offer();
    dbt_.flags |= DB_DBT_PARTIAL;
    dbt_.dlen = static_cast<uint32_t>(prefix_bytes);
  }

  [[nodiscard]] DBT* dbt() { return &dbt_; }

  // For a key that is input as well. REQUIRES: the bytes are not the string's own.
  void fill(std::string_view bytes) {
    if (bytes.size() > out_.size()) {
      out_.resize(bytes.size());
      offer();
    }
    std::copy(bytes.begin(), bytes.end(), out_.begin());
    dbt_.size = static_cast<uint32_t>(bytes.size());
  }

  // Whether the value did not fit; then there is room for it now, and the read is repeated.
  bool grow() {
    if (dbt_.size <= out_.size()) return false;
    out_.resize(dbt_.size);
    offer();
    return true;
  }

  // Cuts the string to what was read. REQUIRES: a read has succeeded.
  void finish() { out_.resize(dbt_.size); }

 private:
  void offer() {
    dbt_.data = out_.data();
    dbt_.ulen = static_cast<uint32_t>(out_.size());
    dbt_.flags = DB_DBT_USERMEM;
  }

  std::string& out_;
  DBT dbt_{};
};

}  // namespace doris::bdb

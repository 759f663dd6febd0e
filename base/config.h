// Config: doris.conf and the command line, read through one table.
//
// The table (config_table.cpp) is the single list of keys: name, programs that use it,
// type, unit, range, default, and the reason that doris.conf prints. doris.conf at the top
// of the tree is the manual; a test compares it with the table key by key.
//
//   key value            # comment          (one per line; a later line wins)
//   --key value                             (the command line overrides the file)
//
// Units: sizes take b, kb, mb, gb (1024), durations take ms, s, m, h; a bare number is in
// the key's own unit.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace doris {

enum class Program : uint8_t { kRouter = 1, kServer = 2, kAdmin = 4 };

struct ConfigKey {
  enum class Type : uint8_t { kInteger, kBytes, kDuration, kChoice, kText };

  std::string_view name;  // "request-timeout"
  uint8_t programs;       // Or of Program: who reads it. The others accept and ignore it.
  Type type;
  std::string_view initial;  // The default, as one would write it.
  int64_t min = 0;           // kInteger, kBytes (bytes), kDuration (ms).
  int64_t max = 0;
  std::string_view choices;  // kChoice: "always|everysec|no".
  std::string_view reason;   // Why one would change it, for the manual and the errors.
};

// All keys, in the manual's order.
[[nodiscard]] const std::vector<ConfigKey>& config_table();

class Config {
 public:
  Config();  // All defaults.

  // Reads a file over what is set. Errors say "<file>:<line>: <key>: what is wrong and
  // what would be right". On an error nothing has changed.
  Status load_file(const std::string& path);

  // The same for a text; `origin` stands in for the file's name.
  Status load_text(std::string_view text, std::string_view origin);

  // Sets one key; `origin` ("--port") starts the error.
  Status set(std::string_view key, std::string_view value, std::string_view origin);

  // REQUIRES: the key is in the table with that type.
  [[nodiscard]] int64_t integer(std::string_view key) const;
  [[nodiscard]] uint64_t bytes(std::string_view key) const;
  [[nodiscard]] Millis duration(std::string_view key) const;
  [[nodiscard]] const std::string& text(std::string_view key) const;  // kText, kChoice.
  [[nodiscard]] bool is_yes(std::string_view key) const;              // Choice "yes|no".

  // A key's value as CONFIG GET shows it: sizes in bytes, durations in ms. REQUIRES: in
  // the table.
  [[nodiscard]] std::string shown(std::string_view key) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;  // Normalised.
};

}  // namespace doris

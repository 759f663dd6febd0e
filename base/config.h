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
// bytes or milliseconds. A text may stand in double quotes, which keep spaces and '#'; there
// are no escapes. `key ""` is the empty text.
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

  // What a text must look like: in words, for the manual and the errors, and as a test.
  struct Form {
    std::string_view words;
    bool (*matches)(std::string_view text);
  };

  std::string_view name;  // "request-timeout"
  uint8_t programs;       // Or of Program: who reads it. The others accept and ignore it.
  Type type;
  std::string_view initial;  // The default, as one would write it.
  int64_t min = 0;           // kInteger, kBytes (bytes), kDuration (ms).
  int64_t max = 0;
  std::string_view choices = {};  // kChoice: "always|everysec|no".
  std::string_view reason = {};   // What it does and why one would change it, for the manual.
  const Form* form = nullptr;     // kText, and then never nullptr.

  [[nodiscard]] bool read_by(Program program) const {
    return (programs & static_cast<uint8_t>(program)) != 0;
  }
};

// All keys, in the manual's order.
[[nodiscard]] const std::vector<ConfigKey>& config_table();

// A key of the table; nullptr if there is none of that name.
[[nodiscard]] const ConfigKey* find_config_key(std::string_view name);

// A value as the program uses it. Which of the two it is follows from the key's type.
struct ConfigValue {
  int64_t number = 0;  // kInteger, kBytes (bytes), kDuration (ms).
  std::string text;    // kChoice, kText.
};

// Any thread may read a Config that nobody changes any more.
class Config {
 public:
  Config();  // All defaults.

  // Reads a file over what is set. Returns all that is wrong with it: each error says
  // "<file>:<line>: <key>: what is wrong and what would be right". With an error nothing
  // has changed.
  [[nodiscard]] std::vector<Status> load_file(const std::string& path);

  // The same for a text; `origin` stands in for the file's name.
  [[nodiscard]] std::vector<Status> load_text(std::string_view text, std::string_view origin);

  // Sets one key; `origin` ("command line") starts the error.
  Status set(std::string_view key, std::string_view value, std::string_view origin);

  // What does not fit together, as far as `program` is concerned. load and set look at one
  // value at a time, so this comes after them; parse_command_line() does it for the
  // programs. An error names the keys, where each was set, and says what to change.
  [[nodiscard]] std::vector<Status> validate(Program program) const;

  // REQUIRES: the key is in the table with that type.
  [[nodiscard]] int64_t integer(std::string_view key) const;
  [[nodiscard]] uint64_t bytes(std::string_view key) const;
  [[nodiscard]] Millis duration(std::string_view key) const;
  [[nodiscard]] const std::string& text(std::string_view key) const;  // kText, kChoice.
  [[nodiscard]] bool is_yes(std::string_view key) const;              // Choice "yes|no".

  // Where a key's value is from: "doris.conf:3", "command line", "default". REQUIRES: in
  // the table.
  [[nodiscard]] const std::string& origin(std::string_view key) const;

  // A key's value as CONFIG GET shows it: sizes in bytes, durations in ms. REQUIRES: in
  // the table.
  [[nodiscard]] std::string shown(std::string_view key) const;

 private:
  struct Setting {
    ConfigValue value;
    std::string origin;
  };

  Status load_line(std::string_view line, std::string_view origin);
  [[nodiscard]] int64_t number(std::string_view key, ConfigKey::Type type) const;

  std::map<std::string, Setting, std::less<>> settings_;  // One for each key of the table.
};

}  // namespace doris

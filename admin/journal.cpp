#include "admin/journal.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace doris::admin {
namespace {

std::string on_one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  return line;
}

// Takes "<label> <value>\n" off the front of `text`.
std::optional<std::string> take_line(std::string_view& text, std::string_view label) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (!line.starts_with(label) || line.substr(label.size(), 1) != " ") return std::nullopt;
  return std::string(line.substr(label.size() + 1));
}

std::optional<int64_t> parse_ms(const std::string& text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return value;
}

}  // namespace

std::string journal_key(topology::Epoch epoch) {
  std::string key = "journal/";
  for (int shift = 56; shift >= 0; shift -= 8)
    key.push_back(static_cast<char>(epoch >> shift));
  return key;
}

std::string encode_entry(const JournalEntry& entry) {
  return fmt::format("at {}\nwho {}\nwhat {}\nwhy {}\n", entry.at_ms, on_one_line(entry.who),
                     on_one_line(entry.what), on_one_line(entry.why));
}

Result<JournalEntry> decode_entry(topology::Epoch epoch, std::string_view text) {
  const auto at = take_line(text, "at");
  const auto who = take_line(text, "who");
  const auto what = take_line(text, "what");
  const auto why = take_line(text, "why");
  const auto at_ms = at ? parse_ms(*at) : std::nullopt;
  if (!at_ms || !who || !what || !why || !text.empty()) {
    return Status::corrupt(fmt::format("the journal entry of epoch {} is damaged", epoch));
  }
  return JournalEntry{epoch, *at_ms, *who, *what, *why};
}

}  // namespace doris::admin

#include "resp/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace doris::resp {
namespace {

using Kind = Value::Kind;
using Lines = std::vector<std::string>;

bool is_list(const Value& value) {
  return value.is(Kind::kArray) || value.is(Kind::kSet) || value.is(Kind::kPush);
}

std::string scalar(const Value& value) {
  std::string text;
  switch (value.kind) {
    case Kind::kNull:
      return "-";
    case Kind::kInteger:
      return std::to_string(value.integer);
    case Kind::kBoolean:
      return value.integer != 0 ? "yes" : "no";
    case Kind::kDouble:
      return fmt::format("{:g}", value.number);
    case Kind::kMap:
      return fmt::format("{} entries", value.items.size() / 2);
    case Kind::kArray:
    case Kind::kSet:
    case Kind::kPush:
      for (const Value& item : value.items)
        text += (text.empty() ? "" : ", ") + scalar(item);
      return text;
    default:
      text = value.text;
  }
  // A line is a line, whatever bytes a name holds.
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text;
}

// Rows of the same columns.
bool is_table(const Value& value) {
  const auto same_columns = [&](const Value& row) {
    const std::vector<Value>& first = value.items[0].items;
    if (!row.is(Kind::kMap) || row.items.size() != first.size()) return false;
    for (size_t i = 0; i < first.size(); i += 2) {
      if (row.items[i] != first[i]) return false;
    }
    return true;
  };
  return is_list(value) && !value.items.empty() &&
         std::all_of(value.items.begin(), value.items.end(), same_columns);
}

// Whether it needs lines of its own.
bool is_nested(const Value& value) {
  return value.is(Kind::kMap) ||
         (is_list(value) && std::any_of(value.items.begin(), value.items.end(), is_nested));
}

// How wide it is printed: code points, since names may be UTF-8.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

void append_padded(std::string& line, std::string_view text, size_t width) {
  line += text;
  line.append(width - width_of(text), ' ');
}

void trim_right(std::string& line) {
  line.erase(line.find_last_not_of(' ') + 1);
}

void add_table(const Value& table, const std::string& indent, Lines& lines) {
  const size_t columns = table.items[0].items.size() / 2;
  std::vector<std::vector<std::string>> cells(1);
  for (size_t i = 0; i < columns; ++i)
    cells[0].push_back(scalar(table.items[0].items[2 * i]));
  for (const Value& row : table.items) {
    auto& line = cells.emplace_back();
    for (size_t i = 0; i < columns; ++i)
      line.push_back(scalar(row.items[2 * i + 1]));
  }
  std::vector<size_t> widths(columns, 0);
  for (const auto& row : cells) {
    for (size_t i = 0; i < columns; ++i)
      widths[i] = std::max(widths[i], width_of(row[i]));
  }
  for (const auto& row : cells) {
    std::string line = indent;
    for (size_t i = 0; i < columns; ++i)
      append_padded(line, row[i] + "  ", widths[i] + 2);
    trim_right(line);
    lines.push_back(std::move(line));
  }
}

void add(const Value& value, const std::string& indent, Lines& lines);

void add_map(const Value& map, const std::string& indent, Lines& lines) {
  size_t width = 0;
  for (size_t i = 0; i + 1 < map.items.size(); i += 2) {
    width = std::max(width, width_of(scalar(map.items[i])) + 2);
  }
  for (size_t i = 0; i + 1 < map.items.size(); i += 2) {
    const std::string key = scalar(map.items[i]) + ":";
    const Value& value = map.items[i + 1];
    if (is_nested(value)) {
      lines.push_back(indent + key);
      add(value, indent + "  ", lines);
    } else {
      std::string line = indent;
      append_padded(line, key, width);
      line += scalar(value);
      trim_right(line);
      lines.push_back(std::move(line));
    }
  }
}

void add(const Value& value, const std::string& indent, Lines& lines) {
  if (value.is(Kind::kMap)) {
    add_map(value, indent, lines);
  } else if (is_table(value)) {
    add_table(value, indent, lines);
  } else if (is_list(value)) {
    for (size_t i = 0; i < value.items.size(); ++i) {
      if (i > 0 && is_nested(value)) lines.push_back("");  // Where one map ends.
      add(value.items[i], indent, lines);
    }
  } else {
    lines.push_back(indent + scalar(value));
  }
}

}  // namespace

Value render(const Value& value) {
  if (!value.is(Kind::kMap) && !is_list(value)) return value;
  Lines lines;
  add(value, "", lines);
  if (lines.empty()) lines.emplace_back("(nothing)");  // An empty line would look like a fault.
  Value result = Value::array({});
  for (std::string& line : lines)
    result.items.push_back(Value::simple(std::move(line)));
  return result;
}

}  // namespace doris::resp

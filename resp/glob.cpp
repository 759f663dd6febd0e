#include "resp/glob.h"

#include <algorithm>

#include "resp/words.h"

namespace doris::resp {
namespace {

// Does `c` belong to the set that `pattern` starts with ("[a-z]...")? `length` becomes that
// of the set.
bool in_set(std::string_view pattern, char c, size_t& length) {
  size_t at = 1;
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool found = false;
  for (; at < pattern.size() && pattern[at] != ']'; ++at) {
    if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
      found |= lower(pattern[at]) <= c && c <= lower(pattern[at + 2]);
      at += 2;
    } else {
      found |= lower(pattern[at]) == c;
    }
  }
  length = std::min(at + 1, pattern.size());
  return found != negated;
}

// Does one element of the pattern take `c`? `length` becomes the element's.
bool takes(std::string_view pattern, char c, size_t& length) {
  length = 1;
  if (pattern[0] == '?') return true;
  if (pattern[0] == '[') return in_set(pattern, c, length);
  if (pattern[0] == '\\' && pattern.size() > 1) {
    length = 2;
    return lower(pattern[1]) == c;
  }
  return lower(pattern[0]) == c;
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view text) {
  size_t at = 0;
  size_t in_text = 0;
  size_t star = std::string_view::npos;  // The last star, and where the text stood then.
  size_t star_text = 0;
  while (in_text < text.size()) {
    size_t length = 0;
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      star_text = in_text;
    } else if (at < pattern.size() && takes(pattern.substr(at), lower(text[in_text]), length)) {
      at += length;
      ++in_text;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in_text = ++star_text;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*')
    ++at;
  return at == pattern.size();
}

}  // namespace doris::resp

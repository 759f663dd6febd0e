#include "base/spelling.h"

#include <algorithm>
#include <iterator>

namespace doris {
namespace {

// Optimal string alignment distance, row by row: row[j] is the distance between the
// letters of `a` seen so far and the first j of `b`.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string lower_case(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::vector<std::string_view> likely_spellings(std::string_view word,
                                               const std::vector<std::string_view>& candidates) {
  const std::string_view nearest = nearest_spelling(word, candidates);
  if (!nearest.empty()) return {nearest};
  const std::string end = '-' + lower_case(word);
  std::vector<std::string_view> likely;
  std::ranges::copy_if(candidates, std::back_inserter(likely),
                       [&](std::string_view candidate) { return candidate.ends_with(end); });
  return likely;
}

}  // namespace

std::string_view nearest_spelling(std::string_view word,
                                  const std::vector<std::string_view>& candidates) {
  constexpr size_t kWordLettersMax = 64;  // The work is a product of lengths.
  if (word.size() > kWordLettersMax) return {};
  const std::string lower = lower_case(word);
  std::string_view nearest;
  size_t nearest_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const size_t d = distance(lower, candidate);
    if (d >= nearest_distance) continue;
    nearest = candidate;
    nearest_distance = d;
  }
  return nearest;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates,
                         std::string_view dashes) {
  const std::vector<std::string_view> likely = likely_spellings(word, candidates);
  std::string question;
  for (size_t i = 0; i < likely.size(); ++i) {
    const bool is_last = i + 1 == likely.size();
    question += i == 0 ? "; did you mean " : is_last ? " or " : ", ";
    question.append("'").append(dashes).append(likely[i]).append("'");
  }
  return question.empty() ? question : question + '?';
}

}  // namespace doris

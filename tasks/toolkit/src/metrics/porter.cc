// Porter's algorithm, step by step as in the paper; where NLTK deviates, the comment says so.
#include <algorithm>
#include <array>
#include <string>

#include "gptask/toolkit/rouge.h"

namespace gptask {
namespace {

bool is_vowel_letter(char c) { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u'; }

/// A letter other than a, e, i, o, u, and other than y after a consonant.
bool is_consonant(std::string_view word, std::size_t i) {
  bool flip = false;
  for (; i > 0 && word[i] == 'y'; --i) flip = !flip;
  return is_vowel_letter(word[i]) == flip;
}

/// m of [C](VC){m}[V]
int measure(std::string_view stem) {
  int count = 0;
  bool after_vowel = false, consonant = false;
  for (std::size_t i = 0; i < stem.size(); ++i) {
    consonant = stem[i] == 'y' ? i == 0 || !consonant : !is_vowel_letter(stem[i]);
    if (consonant && after_vowel) ++count;
    after_vowel = !consonant;
  }
  return count;
}

bool contains_vowel(std::string_view stem) {
  bool consonant = false;
  for (std::size_t i = 0; i < stem.size(); ++i) {
    consonant = stem[i] == 'y' ? i == 0 || !consonant : !is_vowel_letter(stem[i]);
    if (!consonant) return true;
  }
  return false;
}

bool ends_with(std::string_view word, std::string_view suffix) {
  return word.size() >= suffix.size() && word.substr(word.size() - suffix.size()) == suffix;
}

bool ends_with_double_consonant(std::string_view word) {
  return word.size() >= 2 && word[word.size() - 1] == word[word.size() - 2] && is_consonant(word, word.size() - 1);
}

/// *o: ends consonant, vowel, consonant, the last not w, x or y. NLTK: also vowel and consonant alone.
bool ends_with_short_syllable(std::string_view word) {
  const std::size_t size = word.size();
  if (size == 2) return !is_consonant(word, 0) && is_consonant(word, 1);
  return size >= 3 && is_consonant(word, size - 3) && !is_consonant(word, size - 2) && is_consonant(word, size - 1) &&
         std::string_view("wxy").find(word.back()) == std::string_view::npos;
}

struct Rule {
  std::string_view suffix, replacement;
};

/// Replaces the first suffix that fits, if what is left measures more than `least`; no other rule is tried then.
template <std::size_t count>
std::string apply(const std::string& word, const std::array<Rule, count>& rules, int least) {
  for (const Rule& rule : rules) {
    if (!ends_with(word, rule.suffix)) continue;
    const std::string stem = word.substr(0, word.size() - rule.suffix.size());
    return measure(stem) > least ? stem + std::string(rule.replacement) : word;
  }
  return word;
}

std::string without(const std::string& word, std::size_t letters) { return word.substr(0, word.size() - letters); }

/// Plurals. NLTK: dies -> die.
std::string step_1a(const std::string& word) {
  if (ends_with(word, "ies")) return without(word, word.size() == 4 ? 1 : 2);
  if (ends_with(word, "sses")) return without(word, 2);
  return ends_with(word, "s") && !ends_with(word, "ss") ? without(word, 1) : word;
}

/// What -ed and -ing leave is completed: -at, -bl, -iz get an e, double consonants are made single.
std::string completed(const std::string& stem) {
  for (const std::string_view suffix : {"at", "bl", "iz"})
    if (ends_with(stem, suffix)) return stem + "e";
  if (ends_with_double_consonant(stem))
    return std::string_view("lsz").find(stem.back()) == std::string_view::npos ? without(stem, 1) : stem;
  return measure(stem) == 1 && ends_with_short_syllable(stem) ? stem + "e" : stem;
}

/// Past forms. NLTK: died -> die, spied -> spi.
std::string step_1b(const std::string& word) {
  if (ends_with(word, "ied")) return without(word, word.size() == 4 ? 1 : 2);
  if (ends_with(word, "eed")) return measure(without(word, 3)) > 0 ? without(word, 1) : word;
  for (const std::string_view suffix : {"ed", "ing"}) {
    if (!ends_with(word, suffix)) continue;
    if (const std::string stem = without(word, suffix.size()); contains_vowel(stem)) return completed(stem);
  }
  return word;
}

/// NLTK: y becomes i only after a consonant that is not the first letter.
std::string step_1c(const std::string& word) {
  if (word.size() > 2 && word.back() == 'y' && is_consonant(word, word.size() - 2)) return without(word, 1) + "i";
  return word;
}

std::string step_2(const std::string& word) {
  static constexpr std::array<Rule, 21> rules = {{
      {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
      {"bli", "ble"},     {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
      {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
      {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"},
      {"fulli", "ful"},
  }};
  // NLTK: -alli goes first and the step is repeated; -logi counts its l to the stem.
  if (ends_with(word, "alli") && measure(without(word, 4)) > 0) return step_2(without(word, 2));
  if (ends_with(word, "logi")) return measure(without(word, 3)) > 0 ? without(word, 1) : word;
  return apply(word, rules, 0);
}

std::string step_3(const std::string& word) {
  static constexpr std::array<Rule, 7> rules = {{
      {"icate", "ic"},
      {"ative", ""},
      {"alize", "al"},
      {"iciti", "ic"},
      {"ical", "ic"},
      {"ful", ""},
      {"ness", ""},
  }};
  return apply(word, rules, 0);
}

std::string step_4(const std::string& word) {
  static constexpr std::array<Rule, 18> rules = {{
      {"al", ""},
      {"ance", ""},
      {"ence", ""},
      {"er", ""},
      {"ic", ""},
      {"able", ""},
      {"ible", ""},
      {"ant", ""},
      {"ement", ""},
      {"ment", ""},
      {"ent", ""},
      {"ou", ""},
      {"ism", ""},
      {"ate", ""},
      {"iti", ""},
      {"ous", ""},
      {"ive", ""},
      {"ize", ""},
  }};
  if (!ends_with(word, "ion")) return apply(word, rules, 1);
  const std::string stem = without(word, 3);
  return measure(stem) > 1 && (stem.back() == 's' || stem.back() == 't') ? stem : word;
}

std::string step_5(std::string word) {
  if (ends_with(word, "e")) {
    const std::string stem = without(word, 1);
    if (measure(stem) > 1 || (measure(stem) == 1 && !ends_with_short_syllable(stem))) word = stem;
  }
  return ends_with(word, "ll") && measure(without(word, 1)) > 1 ? without(word, 1) : word;
}

/// NLTK's table of irregular forms.
std::string_view irregular(std::string_view word) {
  static constexpr std::array<std::array<std::string_view, 2>, 16> forms = {{
      {"sky", "sky"},
      {"skies", "sky"},
      {"dying", "die"},
      {"lying", "lie"},
      {"tying", "tie"},
      {"news", "news"},
      {"innings", "inning"},
      {"inning", "inning"},
      {"outings", "outing"},
      {"outing", "outing"},
      {"cannings", "canning"},
      {"canning", "canning"},
      {"howe", "howe"},
      {"proceed", "proceed"},
      {"exceed", "exceed"},
      {"succeed", "succeed"},
  }};
  const auto found = std::find_if(forms.begin(), forms.end(), [&](const auto& form) { return form[0] == word; });
  return found == forms.end() ? std::string_view() : (*found)[1];
}

}  // namespace

std::string porter_stem(std::string_view word) {
  if (const std::string_view form = irregular(word); !form.empty()) return std::string(form);
  if (word.size() <= 2) return std::string(word);
  return step_5(step_4(step_3(step_2(step_1c(step_1b(step_1a(std::string(word))))))));
}

}  // namespace gptask

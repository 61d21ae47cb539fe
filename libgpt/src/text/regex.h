// Regular expressions that we have no state machine for, run by ICU.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "text/matches.h"
#include "text/spec.h"

namespace gpt::text {

/// Finds a pattern in texts. Immutable; may be used from any number of threads.
class Matcher {
 public:
  /// Error unsupported for a regular expression that ICU cannot run as Oniguruma would.
  explicit Matcher(const Pattern& pattern);
  ~Matcher();
  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;

  /// Appends the matches and what lies between them: together they cover the text, which is valid UTF-8. A regular
  /// expression that needs much more steps than the text has bytes ends in Error unsupported.
  void find(std::string_view text, std::vector<Match>& matches) const;

 private:
  struct Compiled;
  void find_literal(std::string_view text, std::vector<Match>& matches) const;
  void find_regex(std::string_view text, std::vector<Match>& matches) const;

  std::string text_;
  std::unique_ptr<const Compiled> compiled_;  ///< null for a literal
};

}  // namespace gpt::text

// Regular expressions as tokenizer.json files write them, for ICU.
#pragma once

#include <string>
#include <string_view>

namespace gpt::text {

/// The same regular expression in ICU's syntax. The files are written for Oniguruma (github.com/kkos/oniguruma, doc/RE,
/// syntax ONIG_SYNTAX_RUBY); what the two read alike passes, what differs is rewritten (\s, \w, \d, \b, \v, \h, lone
/// braces) and what has no equal is Error unsupported, naming the construct and its byte.
std::string to_icu_syntax(std::string_view regex);

}  // namespace gpt::text

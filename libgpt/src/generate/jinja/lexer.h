// A template's text -> text and tags, and a tag's tokens.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gpt::jinja {

struct Token {
  enum class Kind {
    text,          ///< between tags
    output_begin,  ///< {{
    output_end,    ///< }}
    block_begin,   ///< {%
    block_end,     ///< %}
    name,
    string,
    integer,
    number,
    symbol,
    end
  };
  Kind kind;
  std::string value;  ///< a string's without quotes, its escapes resolved
  std::size_t line;
};

/// As Jinja2 with trim_blocks and lstrip_blocks, which Transformers sets: the first newline after a block tag and the
/// spaces before one that begins a line are no text, nor is white space next to a "-". The last token is Kind::end.
/// Error malformed with the line.
std::vector<Token> tokens_of(std::string_view source);

}  // namespace gpt::jinja

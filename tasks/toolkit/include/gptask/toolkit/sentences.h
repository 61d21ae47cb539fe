// The beginning of a text: the trivial summary.
#pragma once

#include <string>
#include <string_view>

namespace gptask {

/// The first sentences, one a line. A sentence ends with a line, or with . ! ? (and quotes or brackets after it) before
/// white space.
std::string lead(std::string_view text, int sentences);

}  // namespace gptask

// Line ends and tabs written as \n and \t: on command lines, and in files with a text a line.
#pragma once

#include <string>
#include <string_view>

namespace gptask {

/// \n, \t, \r and \\ as what they stand for; any other backslash stays.
std::string unescaped(std::string_view text);

/// On one line: line ends and backslashes as \n, \r and \\.
std::string escaped(std::string_view text);

}  // namespace gptask

// A parsed template and the values of its variables -> text.
#pragma once

#include <ctime>
#include <string>

#include "generate/jinja/syntax.h"

namespace gpt::jinja {

/// Errors: mismatch (the template raises one: its message), malformed and unsupported with the line; malformed for a
/// template that takes more than a million steps or writes more than 16 MiB.
std::string render(const Statements& statements, const Dict& variables, std::time_t now);

}  // namespace gpt::jinja

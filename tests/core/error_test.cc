// Errors.
#include "gpt/core/error.h"

#include <set>

#include "support/errors.h"

using namespace gpt;

TEST_CASE("error: carries its code and a formatted message") {
  try {
    fail(ErrorCode::malformed, "{}: row {} has {} columns", "data.csv", 3, 2);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::malformed);
    CHECK(std::string(error.what()) == "data.csv: row 3 has 2 columns");
  }
  CHECK_THROWS_AS(fail(ErrorCode::io, "x"), std::runtime_error);
}

TEST_CASE("error: names are stable and differ") {
  const std::vector<std::pair<ErrorCode, std::string>> names{
      {ErrorCode::not_found, "not_found"}, {ErrorCode::io, "io"},
      {ErrorCode::malformed, "malformed"}, {ErrorCode::unsupported, "unsupported"},
      {ErrorCode::mismatch, "mismatch"},   {ErrorCode::invalid_option, "invalid_option"},
      {ErrorCode::plugin, "plugin"},       {ErrorCode::diverged, "diverged"},
      {ErrorCode::memory, "memory"},       {ErrorCode::interrupted, "interrupted"}};
  std::set<std::string> different;
  for (const auto& [code, name] : names) {
    CHECK(error_name(code) == name);
    different.insert(name);
  }
  CHECK(different.size() == names.size());
}

TEST_CASE("error: the name of a code that does not exist is unknown") {
  CHECK(error_name(static_cast<ErrorCode>(99)) == "unknown");
}

// A GPT in plain loops beside libgpt's: the numbers of the guide.
//
//   plain_gpt operation layer_norm                          one operation, by its formulas and by libgpt
//   plain_gpt sentence attention MODEL "The sea was calm"   one sentence through a model
//
// Exit codes: 0 ok, 1 failed, 2 misused.
#include <fmt/format.h>

#include <exception>
#include <string>
#include <vector>

#include "gpt/core/error.h"
#include "gpt/tensor/parallel.h"
#include "operations.h"
#include "sentence.h"

namespace {

void print_rows(const std::string& label, const plain::Matrix& m) {
  for (std::size_t r = 0; r < m.rows; ++r) {
    std::string values;
    for (std::size_t c = 0; c < m.columns; ++c) values += fmt::format(" {:9.5f}", m(r, c));
    fmt::print("{:<18}{}\n", r == 0 ? label : "", values);
  }
}

void print_operation(const std::string& name) {
  const plain::Comparison lines = plain::compare(name, {});
  for (const plain::Line& line : lines) {
    const bool both = !line.libgpt.values.empty();
    print_rows(line.name + (both ? ", formula" : ""), line.formula);
    if (both) print_rows(fmt::format("{:{}}  libgpt", "", line.name.size()), line.libgpt);
  }
  fmt::print("formulas and libgpt agree within 1e-5: {}\n", plain::difference(lines) <= 1e-5 ? "yes" : "NO");
}

int usage() {
  fmt::print(stderr,
             "usage: plain_gpt operation NAME    NAME: {}\n       plain_gpt sentence PART MODEL TEXT    PART: {}\n",
             fmt::join(plain::operation_names(), ", "), fmt::join(plain::Sentence::parts(), ", "));
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() == 2 && words[0] == "operation") {
      print_operation(words[1]);
    } else if (words.size() == 4 && words[0] == "sentence") {
      gpt::Threads threads;
      threads.run([&] { plain::Sentence(words[2], words[3]).print(words[1]); });
    } else {
      return usage();
    }
    return 0;
  } catch (const gpt::Error& error) {
    fmt::print(stderr, "plain_gpt: {}\n", error.what());
    return error.code() == gpt::ErrorCode::invalid_option ? 2 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "plain_gpt: {}\n", error.what());
    return 1;
  }
}

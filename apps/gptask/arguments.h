// Command lines: flags as gpt::Options knows them, --config files, --help.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gpt/core/options.h"

namespace gptask::app {

/// What a command's --help says besides its options.
struct Usage {
  std::string synopsis;  ///< "gptask predict --model D ..."
  std::string about;
  std::string example;
  std::string note = {};  ///< a paragraph after the options
};

class Arguments {
 public:
  /// The arguments after the command's name. A single argument that ends in .json is a config file.
  explicit Arguments(std::vector<std::string> arguments);

  /// The first argument, where it is no flag (and no config file); else "task" of the config file; "" if neither.
  std::string leading() const;
  bool wants_help() const;
  /// Values of a flag before the options are known: for --plugin.
  std::vector<std::string> early(const std::string& name) const;

  /// Sets the options: the config file's first, then the flags. --help, --json and --config are declared here. Flags
  /// take a value after a space or "="; flags that are on or off need none, and --no_NAME is --NAME false; lists take
  /// several. Error invalid_option for anything unknown.
  void parse(gpt::Options& options);
  /// Every value given for an option that may be repeated, in order.
  const std::vector<std::string>& all(const std::string& name) const;
  /// Arguments that are no flags, without the leading one.
  const std::vector<std::string>& positional() const noexcept { return positional_; }

 private:
  std::size_t parse_flag(gpt::Options& options, std::size_t i);
  void give(gpt::Options& options, const std::string& name, const std::string& value);

  std::vector<std::string> arguments_;
  std::string config_file_;
  std::map<std::string, std::vector<std::string>> given_;
  std::vector<std::string> positional_;
};

/// The options every command has: --json, --config, --help.
void declare_common(gpt::Options& options);

/// Prints usage, options with defaults, and the example to standard output.
void print_help(const Usage& usage, const gpt::Options& options);

}  // namespace gptask::app

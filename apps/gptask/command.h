// The commands of the program, one file each.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace gptask::app {

/// Arguments after the command's name -> exit code. Throws gpt::Error; invalid_option means misuse.
using CommandFunction = int (*)(const std::vector<std::string>& arguments);

int finetune_command(const std::vector<std::string>& arguments);
int train_tokenizer_command(const std::vector<std::string>& arguments);
int pretrain_command(const std::vector<std::string>& arguments);
int evaluate_command(const std::vector<std::string>& arguments);
int predict_command(const std::vector<std::string>& arguments);
int inspect_command(const std::vector<std::string>& arguments);
int tokenize_command(const std::vector<std::string>& arguments);
int plugins_command(const std::vector<std::string>& arguments);
int convert_command(const std::vector<std::string>& arguments);
int merge_command(const std::vector<std::string>& arguments);
int generate_command(const std::vector<std::string>& arguments);
int chat_command(const std::vector<std::string>& arguments);
int score_command(const std::vector<std::string>& arguments);
int benchmark_command(const std::vector<std::string>& arguments);

struct Command {
  const char* name;
  const char* summary;
  CommandFunction run;
};

/// In the order --help shows them.
std::span<const Command> commands() noexcept;

}  // namespace gptask::app

#include "command.h"

namespace gptask::app {

std::span<const Command> commands() noexcept {
  static constexpr Command all[] = {
      {"finetune", "fine-tune a model for a task, from files to a folder", finetune_command},
      {"evaluate", "score a fine-tuned folder on a file", evaluate_command},
      {"predict", "answer texts with a fine-tuned folder", predict_command},
      {"generate", "continue prompts", generate_command},
      {"chat", "talk to a model", chat_command},
      {"score", "say how likely a text is", score_command},
      {"train-tokenizer", "make a tokenizer from texts", train_tokenizer_command},
      {"pretrain", "train a language model from nothing but text", pretrain_command},
      {"inspect", "show what is in a weights file or a folder", inspect_command},
      {"tokenize", "show the tokens of texts", tokenize_command},
      {"convert", "write a model as a Hugging Face folder or a GGUF file", convert_command},
      {"merge", "fold an adapter into a folder that needs no base", merge_command},
      {"benchmark", "measure how fast a model trains, reads and writes on this machine", benchmark_command},
      {"plugins", "list the tasks and where they come from", plugins_command},
  };
  return all;
}

}  // namespace gptask::app

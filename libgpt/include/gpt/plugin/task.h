// What a task implements: its options, how a file becomes examples, its head, how answers are scored and shown.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/core/options.h"
#include "gpt/data/example.h"
#include "gpt/generate/options.h"
#include "gpt/head/head.h"
#include "gpt/model/decoder.h"
#include "gpt/plugin/scorer.h"
#include "gpt/text/tokenizer.h"

namespace gpt {

/// Why the rows of a file were read for.
enum class Purpose { train, evaluate, predict };

/// The rows of a file (or texts given directly) as a task read them: examples[i] came from row rows[i].
class TaskData {
 public:
  virtual ~TaskData();

  std::vector<Example> examples;
  std::vector<std::uint64_t> rows;                                      ///< 1-based, the header not counted
  std::string source;                                                   ///< the file, for messages and reports
  nlohmann::ordered_json truncated = nlohmann::ordered_json::object();  ///< what was cut, to what -> examples
  nlohmann::ordered_json skipped = nlohmann::ordered_json::object();    ///< reason -> number of rows left out

  /// Takes an example of a row, without the spare room of its lists: there may be millions.
  void add(Example example, std::uint64_t row);
  /// Counts an example that was cut: "longer than 128 tokens (--max_seq_length)".
  void count_truncated(const std::string& what);

  /// The input of example i as a person reads it.
  virtual std::string text(std::size_t i) const = 0;
  /// The true answer of example i as a person reads it; "" where the file had none.
  virtual std::string answer(std::size_t i) const = 0;
  /// A copy with these examples, in this order.
  virtual std::unique_ptr<TaskData> take(std::span<const std::uint32_t> indices) const = 0;

 protected:
  /// For take: these examples with their rows, and what is said about the whole file.
  void copy_to(TaskData& taken, std::span<const std::uint32_t> indices) const;
};

/// How Task::read reads a file.
struct Reading {
  static constexpr std::uint64_t all = ~std::uint64_t{0};

  const Tokenizer& tokenizer;  ///< outlives what is read
  std::int64_t max_tokens;     ///< sequences are cut to it
  Purpose purpose;
  /// The first rows that can be used become examples; what comes after them is not read, but for the labels of a
  /// training file, which are those of all its rows.
  std::uint64_t most_rows = all;
  /// Is given the number of rows read, now and then; what it throws passes through.
  std::function<void(std::uint64_t)> progress = {};

  /// For a task, after each row.
  void tell(std::uint64_t row) const {
    if (progress && row % 1000 == 0) progress(row);
  }
};

/// What became of an evaluation.
struct Evaluation {
  nlohmann::ordered_json metrics = nlohmann::ordered_json::object();   ///< name -> number, for example accuracy, f1
  nlohmann::ordered_json baseline = nlohmann::ordered_json::object();  ///< the same of a trivial answer, with "name"
  nlohmann::ordered_json details =
      nlohmann::ordered_json::object();  ///< what the report draws: labels, confusion, per_label, mistakes
  struct File {
    std::string name, content;
  };
  std::vector<File> files;  ///< prediction files, for example predict_results.txt

  /// All three may stay empty. Without a scorer, intervals come from evaluating chosen examples anew, which is right
  /// for every task and slower. Without rows, a row is what Task::answer says of an example.
  std::shared_ptr<const Scorer> scorer;      ///< of `metrics`: scorer->all() gives them, except for the loss
  std::vector<nlohmann::ordered_json> rows;  ///< what became of each scored row, in the order of the scorer
  struct Baseline {
    std::string name;
    std::shared_ptr<const Scorer> scorer;  ///< the same rows and metrics
  };
  std::vector<Baseline> baselines;  ///< every trivial answer there is; `baseline` holds the first
};

class Task {
 public:
  virtual ~Task();

  /// Adds the task's own options; called before configure.
  virtual void declare_options(Options& options) const = 0;
  /// Takes the values over. Error invalid_option.
  virtual void configure(const Options& options) = 0;
  /// Everything a later run needs to answer as this one (labels, template, columns): goes to gptask.json.
  virtual nlohmann::ordered_json state() const = 0;
  virtual void restore(const nlohmann::ordered_json& state) = 0;

  /// Special tokens that the input template needs; those the tokenizer lacks are added to it and to the model, which
  /// learns them. Known after configure and after restore. The default: none.
  virtual std::vector<std::string> new_tokens() const;

  /// Longest input, in tokens, where the user names none; 0: what the model allows.
  virtual std::int64_t usual_max_tokens() const { return 128; }

  /// Reads a file. With Purpose::train the task also learns its labels from it; with evaluate every row needs a known
  /// answer; with predict none. Errors name file, row and field.
  virtual std::unique_ptr<TaskData> read(const std::filesystem::path& file, const Reading& how) = 0;
  /// The same for texts given directly; a pair is two texts separated by a tab.
  virtual std::unique_ptr<TaskData> from_texts(std::span<const std::string> texts, const Tokenizer& tokenizer,
                                               std::int64_t max_tokens) const = 0;

  /// The decoder is there for its configuration and its output projection; it must not be changed.
  virtual std::unique_ptr<Head> make_head(Decoder& decoder, Random& random) const = 0;
  /// Set: the answers are texts that the model writes. Each example is read up to Target::loss_from and gone on from
  /// there; evaluate and answer get the ids of the tokens written (without the end token) as outputs.
  virtual std::optional<GenerateOptions> generation() const { return std::nullopt; }
  /// Prepares the task for a model that was not tuned for it. False (the default) where it needs a trained head.
  virtual bool zero_shot() { return false; }

  /// After training, before the final evaluation: the validation set and what the head gave for it. A task may fit how
  /// it answers to them (the temperature of its probabilities); it is part of the state. The default does nothing.
  virtual void calibrate(const TaskData& data, std::span<const std::vector<float>> outputs);
  /// Before training, where there is no validation set to calibrate to: what is left out, for a notice, or "". Error
  /// invalid_option where the user asked for it. The default: nothing.
  virtual std::string without_validation() { return ""; }

  /// outputs[i]: what the head gave for example i (its row, or its tokens' rows one after the other).
  virtual Evaluation evaluate(const TaskData& data, std::span<const std::vector<float>> outputs) const = 0;
  /// The answer to one example: at least {"label": ..., "probability": ...}.
  virtual nlohmann::ordered_json answer(const TaskData& data, std::size_t i, std::span<const float> output) const = 0;
  /// The answer to each row. The default: of each example, which are the same where a row is one example.
  virtual std::vector<nlohmann::ordered_json> answers(const TaskData& data,
                                                      std::span<const std::vector<float>> outputs) const;
  /// The name in Evaluation::metrics that tells which of two models is better (higher).
  virtual std::string main_metric() const = 0;

  /// What config.json says for Transformers: {"architecture": "ForSequenceClassification", "config": {"id2label":
  /// ...}}. The architecture is required: ForCausalLM where Transformers has no such head.
  virtual nlohmann::ordered_json transformers() const = 0;
};

}  // namespace gpt

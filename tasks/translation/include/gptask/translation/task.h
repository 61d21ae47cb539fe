// Translation between two languages.
#pragma once

#include "gptask/text_to_text/task.h"

namespace gptask {

/// BLEU, chrF, chrF++ and TER with sacrebleu's signatures; beside them the source as it stands. Files: rows with a
/// column a language (or a column "translation" with an object of them, as Hugging Face has it), or two files whose
/// lines belong together: train.en names train.de where --source_lang en and --target_lang de are given.
class TranslationTask final : public TextToTextTask {
 public:
  void declare_options(gpt::Options& options) const override;
  void configure(const gpt::Options& options) override;
  nlohmann::ordered_json state() const override;
  void restore(const nlohmann::ordered_json& state) override;
  std::string main_metric() const override { return "bleu"; }

 protected:
  Columns usual_columns() const override;
  std::string usual_template() const override;
  ScorerPointer scorer(const std::vector<std::string>& predictions, const References& references) const override;
  std::vector<std::pair<std::string, std::string>> trivial_answers(const std::string& source) const override;
  nlohmann::ordered_json signatures(const References& references) const override;
  Source open(const std::filesystem::path& file, bool with_target) const override;
  Texts texts_of(const Source& from, const Row& row, bool with_target) const override;

 private:
  std::string source_lang_, target_lang_;
};

}  // namespace gptask

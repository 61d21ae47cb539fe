// Summaries and translations.
#include <algorithm>

#include "gpt/core/error.h"
#include "gptask/toolkit/sentences.h"
#include "predictions/columns.h"
#include "predictions/kinds.h"

namespace gptask {
namespace {

using Json = nlohmann::ordered_json;
using Texts = std::vector<std::string>;

/// References of one or several columns or files, predictions, and the sources if they are given.
class TextKind : public AnswerKind {
 public:
  TextKind(const PredictionRequest& request, Texts usual_references, Texts usual_sources) : request_(request) {
    if (request.references.size() > 1 && request.reference_columns.size() > 1)
      gpt::fail(gpt::ErrorCode::invalid_option,
                "--references: give several files with a reference each, or one file with several columns");
    for (const auto& file : request.references) {
      TextColumns columns =
          read_columns(file, {request.reference_columns, usual_references, "reference_column"}, request);
      if (references_.empty()) {
        first_ = columns;
        references_ = std::move(columns.texts);
        continue;
      }
      Texts more = aligned_texts(std::move(columns), first_);
      for (std::size_t i = 0; i < more.size(); ++i) references_[i].push_back(std::move(more[i]));
    }
    if (const auto file = source_file(usual_sources); !file.empty())
      sources_ = aligned(file, request.source_column, std::move(usual_sources), "source_column");
  }

  ScoredPredictions score(std::size_t index) const override {
    const Texts texts =
        aligned(request_.predictions[index], request_.prediction_column,
                {"prediction", "predictions", "generated", "output", "hypothesis", "summary", "translation", "text"},
                "prediction_column");
    ScoredPredictions scored{scorer(texts), {}};
    for (std::uint32_t i = 0; i < texts.size(); ++i) {
      Json row{{"index", i}};
      if (!first_.ids.empty()) row["id"] = first_.ids[i];
      row["prediction"] = texts[i];
      row["references"] = references_[i];
      row.update(scored.scorer->metrics(std::span(&i, 1)));
      scored.rows.push_back(std::move(row));
    }
    return scored;
  }

 protected:
  virtual ScorerPointer scorer(const Texts& texts) const = 0;
  Texts aligned(const std::filesystem::path& file, const std::string& wished, Texts usual, std::string option) const {
    const Texts columns = wished.empty() ? Texts() : Texts{wished};
    return aligned_texts(read_columns(file, {columns, std::move(usual), std::move(option)}, request_), first_);
  }

  const PredictionRequest& request_;
  References references_;
  Texts sources_;

 private:
  /// The file with the sources: as given, or the references' where they stand beside them; none: empty.
  std::filesystem::path source_file(Texts usual) const {
    if (!request_.source.empty()) return request_.source;
    const std::filesystem::path& beside = request_.references.front();
    if (!request_.source_column.empty()) return beside;
    usual.erase(std::remove(usual.begin(), usual.end(), "text"), usual.end());  // what a line of any file is called
    return has_column(beside, usual, request_) ? beside : std::filesystem::path();
  }

  TextColumns first_;
};

class Summaries : public TextKind {
 public:
  explicit Summaries(const PredictionRequest& request)
      : TextKind(request, {"summary", "reference", "references", "target", "highlights", "text"},
                 {"document", "dialogue", "article", "source", "text"}) {}
  std::vector<gpt::Evaluation::Baseline> baselines() const override {
    if (sources_.empty()) return {};
    Texts leads;
    for (const std::string& source : sources_) leads.push_back(lead(source, 3));
    return {{"the first three sentences of the source", scorer(leads)}, {"the source itself", scorer(sources_)}};
  }
  std::string main_metric() const override { return "rougeL"; }
  Json notes() const override { return summary_signatures(request_.stem); }

 private:
  ScorerPointer scorer(const Texts& texts) const override { return summary_scorer(texts, references_, request_.stem); }
};

class Translations : public TextKind {
 public:
  explicit Translations(const PredictionRequest& request)
      : TextKind(request, {"translation", "reference", "references", "target", "text"}, {"source", "text"}) {}
  std::vector<gpt::Evaluation::Baseline> baselines() const override {
    if (sources_.empty()) return {};
    return {{"the source itself", scorer(sources_)}};
  }
  std::string main_metric() const override { return "bleu"; }
  Json notes() const override { return translation_signatures(references_, request_.translation); }

 private:
  ScorerPointer scorer(const Texts& texts) const override {
    return translation_scorer(texts, references_, request_.translation);
  }
};

}  // namespace

std::unique_ptr<AnswerKind> make_summaries(const PredictionRequest& request) {
  return std::make_unique<Summaries>(request);
}
std::unique_ptr<AnswerKind> make_translations(const PredictionRequest& request) {
  return std::make_unique<Translations>(request);
}

}  // namespace gptask

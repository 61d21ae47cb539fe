// A label, several labels, a number or a choice a row.
#include "gptask/toolkit/labels.h"

#include <algorithm>
#include <map>

#include "gpt/core/error.h"
#include "predictions/columns.h"
#include "predictions/kinds.h"

namespace gptask {
namespace {

using Json = nlohmann::ordered_json;
using Texts = std::vector<std::string>;

std::string trimmed(const std::string& text) {
  constexpr const char* space = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(space);
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(space) + 1 - begin);
}

/// References in one column, and files of predictions that go with them.
class OneColumn : public AnswerKind {
 public:
  explicit OneColumn(const PredictionRequest& request) : request_(request) {
    if (request.references.size() != 1)
      gpt::fail(gpt::ErrorCode::invalid_option, "--references: {} takes one file, not {}", request.task,
                request.references.size());
    references_ = read_columns(request.references[0],
                               {request.reference_columns,
                                {"label", "labels", "reference", "references", "answer", "target", "category", "class",
                                 "sentiment", "score", "truth"},
                                "reference_column"},
                               request);
    for (const auto& row : references_.texts) truth_.push_back(trimmed(row[0]));
  }

 protected:
  Texts predictions(std::size_t index) const {
    Texts texts =
        column(index, request_.prediction_column.empty() ? Texts() : Texts{request_.prediction_column},
               {"prediction", "predictions", "predicted", "predicted_label", "label", "labels", "answer", "score"},
               "prediction_column");
    for (std::string& text : texts) text = trimmed(text);
    return texts;
  }
  Texts column(std::size_t index, const Texts& wished, const Texts& usual, const std::string& option) const {
    return aligned_texts(read_columns(request_.predictions[index], {wished, usual, option}, request_), references_);
  }
  std::string reference_source() const { return references_.source; }
  double number(const std::string& text, const std::string& file, std::size_t row) const {
    double value = 0;
    if (!parse_number(text, value))
      gpt::fail(gpt::ErrorCode::malformed, "{}, row {}: \"{}\" is no number", file, row + 1, text);
    return value;
  }
  std::vector<double> numbers(const Texts& texts, const std::string& file) const {
    std::vector<double> values;
    for (std::size_t i = 0; i < texts.size(); ++i) values.push_back(number(texts[i], file, i));
    return values;
  }
  std::vector<Json> rows(const Texts& predicted) const {
    std::vector<Json> rows;
    for (std::size_t i = 0; i < truth_.size(); ++i) {
      Json row{{"index", i}};
      if (!references_.ids.empty()) row["id"] = references_.ids[i];
      row.update({{"prediction", predicted[i]}, {"truth", truth_[i]}, {"correct", predicted[i] == truth_[i]}});
      rows.push_back(std::move(row));
    }
    return rows;
  }

  const PredictionRequest& request_;
  Texts truth_;

 private:
  TextColumns references_;
};

/// The most frequent one; of several the first in order.
std::string most_frequent(const Texts& texts) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& text : texts) ++counts[text];
  return std::max_element(counts.begin(), counts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

std::string always(const std::string& answer) {
  return fmt::format("always \"{}\", the most frequent in the references", answer);
}

class Labels : public OneColumn {
 public:
  explicit Labels(const PredictionRequest& request) : OneColumn(request) {
    Texts all = truth_;
    for (std::size_t i = 0; i < request.predictions.size(); ++i) {
      predictions_.push_back(predictions(i));
      all.insert(all.end(), predictions_.back().begin(), predictions_.back().end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    labels_ = std::move(all);
    sort_labels(labels_);
    truth_indices_ = indices(truth_);
  }

  ScoredPredictions score(std::size_t index) const override {
    ScorerPointer scorer = label_scorer(labels_.size(), truth_indices_, indices(predictions_[index]));
    if (!request_.score_column.empty()) {
      if (labels_.size() != 2)
        gpt::fail(gpt::ErrorCode::invalid_option, "--score_column is for two labels; there are {}: {}", labels_.size(),
                  fmt::join(labels_, ", "));
      const Texts scores = column(index, {request_.score_column}, {}, "score_column");
      scorer =
          joined_scorer(scorer, ranking_scorer(truth_indices_, numbers(scores, request_.predictions[index].string())));
    }
    return {std::move(scorer), rows(predictions_[index])};
  }
  std::vector<gpt::Evaluation::Baseline> baselines() const override {
    const std::string majority = most_frequent(truth_);
    return {{always(majority), label_scorer(labels_.size(), truth_indices_, indices(Texts(truth_.size(), majority)))}};
  }
  std::string main_metric() const override { return "accuracy"; }

 private:
  std::vector<std::int32_t> indices(const Texts& texts) const {
    std::map<std::string, std::int32_t> by_name;
    for (std::size_t i = 0; i < labels_.size(); ++i) by_name[labels_[i]] = static_cast<std::int32_t>(i);
    std::vector<std::int32_t> indices;
    for (const std::string& text : texts) indices.push_back(by_name.at(text));
    return indices;
  }

  std::vector<Texts> predictions_;
  Texts labels_;
  std::vector<std::int32_t> truth_indices_;
};

class MultiLabel : public OneColumn {
 public:
  explicit MultiLabel(const PredictionRequest& request) : OneColumn(request) {
    for (const std::string& text : truth_)
      for (const std::string& label : labels_of(text)) places_.try_emplace(label, places_.size());
    for (std::size_t i = 0; i < request.predictions.size(); ++i) {
      predictions_.push_back(predictions(i));
      for (const std::string& text : predictions_.back())
        for (const std::string& label : labels_of(text)) places_.try_emplace(label, places_.size());
    }
    if (places_.empty()) gpt::fail(gpt::ErrorCode::malformed, "{}: no row has a label", reference_source());
    truth_flags_ = flags(truth_);
  }

  ScoredPredictions score(std::size_t index) const override {
    return {multi_label_scorer(truth_flags_, flags(predictions_[index])), rows(predictions_[index])};
  }
  std::vector<gpt::Evaluation::Baseline> baselines() const override {
    const std::string majority = most_frequent(truth_);
    return {{always(majority), multi_label_scorer(truth_flags_, flags(Texts(truth_.size(), majority)))}};
  }
  std::string main_metric() const override { return "f1_micro"; }

 private:
  /// "a,b" or ["a", "b"]
  Texts labels_of(const std::string& text) const {
    Texts labels;
    if (!text.empty() && text[0] == '[') {
      const auto json = nlohmann::json::parse(text, nullptr, false);
      if (json.is_array()) {
        for (const auto& item : json) labels.push_back(item.is_string() ? item.get<std::string>() : item.dump());
        return labels;
      }
    }
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find(request_.label_separator, begin), text.size());
      if (std::string label = trimmed(text.substr(begin, end - begin)); !label.empty())
        labels.push_back(std::move(label));
      begin = end + request_.label_separator.size();
    }
    return labels;
  }
  std::vector<std::vector<bool>> flags(const Texts& texts) const {
    std::vector<std::vector<bool>> all;
    for (const std::string& text : texts) {
      std::vector<bool> row(places_.size());
      for (const std::string& label : labels_of(text)) row[places_.at(label)] = true;
      all.push_back(std::move(row));
    }
    return all;
  }

  std::vector<Texts> predictions_;
  std::map<std::string, std::size_t> places_;
  std::vector<std::vector<bool>> truth_flags_;
};

class Numbers : public OneColumn {
 public:
  explicit Numbers(const PredictionRequest& request)
      : OneColumn(request), truth_numbers_(numbers(truth_, reference_source())) {}

  ScoredPredictions score(std::size_t index) const override {
    const Texts texts = predictions(index);
    const std::vector<double> values = numbers(texts, request_.predictions[index].string());
    std::vector<Json> records = rows(texts);
    for (std::size_t i = 0; i < records.size(); ++i)
      records[i].update(
          {{"prediction", values[i]}, {"truth", truth_numbers_[i]}, {"error", values[i] - truth_numbers_[i]}});
    for (Json& record : records) record.erase("correct");
    return {number_scorer(truth_numbers_, values), std::move(records)};
  }
  std::vector<gpt::Evaluation::Baseline> baselines() const override {
    double mean = 0;
    for (const double value : truth_numbers_) mean += value / static_cast<double>(truth_numbers_.size());
    return {{fmt::format("always {:.4g}, the mean of the references", mean),
             number_scorer(truth_numbers_, std::vector<double>(truth_numbers_.size(), mean))}};
  }
  std::string main_metric() const override { return "pearson"; }

 private:
  std::vector<double> truth_numbers_;
};

class Choices : public OneColumn {
 public:
  explicit Choices(const PredictionRequest& request) : OneColumn(request) {}

  ScoredPredictions score(std::size_t index) const override {
    const Texts texts = predictions(index);
    return {choice_scorer(std::vector<std::int32_t>(truth_.size(), 1), right(texts)), rows(texts)};
  }
  std::vector<gpt::Evaluation::Baseline> baselines() const override {
    const std::string majority = most_frequent(truth_);
    return {{always(majority),
             choice_scorer(std::vector<std::int32_t>(truth_.size(), 1), right(Texts(truth_.size(), majority)))}};
  }
  std::string main_metric() const override { return "accuracy"; }

 private:
  std::vector<std::int32_t> right(const Texts& texts) const {
    std::vector<std::int32_t> right;
    for (std::size_t i = 0; i < truth_.size(); ++i) right.push_back(texts[i] == truth_[i] ? 1 : 0);
    return right;
  }
};

}  // namespace

std::unique_ptr<AnswerKind> make_labels(const PredictionRequest& request) { return std::make_unique<Labels>(request); }
std::unique_ptr<AnswerKind> make_multi_label(const PredictionRequest& request) {
  return std::make_unique<MultiLabel>(request);
}
std::unique_ptr<AnswerKind> make_numbers(const PredictionRequest& request) {
  return std::make_unique<Numbers>(request);
}
std::unique_ptr<AnswerKind> make_choices(const PredictionRequest& request) {
  return std::make_unique<Choices>(request);
}

}  // namespace gptask

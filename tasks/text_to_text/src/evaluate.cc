#include "gpt/core/error.h"
#include "gptask/text_to_text/task.h"
#include "gptask/toolkit/escapes.h"

namespace gptask {
namespace {

using Json = nlohmann::ordered_json;

/// What was written: the tokens up to the end, as text.
std::string written(const TextData& data, std::span<const float> output) {
  std::vector<std::int32_t> tokens;
  for (const float id : output) tokens.push_back(static_cast<std::int32_t>(id));
  std::string text = data.tokenizer().decode(tokens, true);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

/// The answers that score lowest against their first reference come first in reports; without a score a row, the first
/// few are as good.
Json samples(const TextData& data, const std::vector<std::string>& texts) {
  constexpr std::size_t most = 20;
  Json list = Json::array();
  for (std::size_t i = 0; i < texts.size() && list.size() < most; ++i)
    if (const auto references = data.references(i); !references.empty())
      list.push_back(
          {{"row", data.rows[i]}, {"text", data.source_text(i)}, {"truth", references.front()}, {"answer", texts[i]}});
  return list;
}

}  // namespace

gpt::Evaluation TextToTextTask::evaluate(const gpt::TaskData& any, std::span<const std::vector<float>> outputs) const {
  const auto& data = static_cast<const TextData&>(any);
  if (outputs.size() != data.examples.size())
    gpt::fail(gpt::ErrorCode::mismatch, "{} outputs for {} examples", outputs.size(), data.examples.size());
  gpt::Evaluation evaluation;
  std::vector<std::string> texts, scored;
  References references;
  std::vector<std::pair<std::string, std::vector<std::string>>> trivial;
  std::string lines, records;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    texts.push_back(written(data, outputs[i]));
    Json record{{"row", data.rows[i]}, {"answer", texts.back()}};
    std::vector<std::string> known = data.references(i);
    if (!known.empty()) record["references"] = known;
    lines += escaped(texts.back()) + "\n";
    records += record.dump() + "\n";
    if (known.empty()) continue;
    evaluation.rows.push_back(std::move(record));
    scored.push_back(texts.back());
    references.push_back(std::move(known));
    const auto answers = trivial_answers(data.source_text(i));
    trivial.resize(answers.size());
    for (std::size_t a = 0; a < answers.size(); ++a) {
      trivial[a].first = answers[a].first;
      trivial[a].second.push_back(answers[a].second);
    }
  }
  evaluation.files.push_back({"generated_predictions.txt", std::move(lines)});
  evaluation.files.push_back({"generated_predictions.jsonl", std::move(records)});
  if (scored.empty()) return evaluation;
  for (const auto& [name, answers] : trivial) evaluation.baselines.push_back({name, scorer(answers, references)});
  evaluation.scorer = scorer(scored, references);
  evaluation.metrics = evaluation.scorer->all();
  evaluation.baseline["name"] = evaluation.baselines.front().name;
  evaluation.baseline.update(evaluation.baselines.front().scorer->all());
  evaluation.details["samples"] = samples(data, texts);
  evaluation.details["signatures"] = signatures(references);
  return evaluation;
}

Json TextToTextTask::answer(const gpt::TaskData& any, std::size_t, std::span<const float> output) const {
  return {{"answer", written(static_cast<const TextData&>(any), output)}};
}

}  // namespace gptask

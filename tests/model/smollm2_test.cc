// SmolLM2 from its GGUF file against what Transformers computes from the same, dequantized weights.
#include <algorithm>
#include <cmath>
#include <memory>

#include "gpt/io/json.h"
#include "gpt/model/decoder.h"
#include "gpt/tensor/gemm.h"
#include "gpt/tensor/parallel.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace gpt;

namespace {

std::vector<std::int32_t> ids(const nlohmann::json& json) { return json.get<std::vector<std::int32_t>>(); }

/// [tokens, vocabulary]
std::vector<float> logits(const Decoder& decoder, const std::vector<std::int32_t>& tokens) {
  Batch batch;
  batch.add({tokens, {}});
  Arena arena;
  Tape tape(arena, false);
  const Variable states = decoder.forward(tape, batch).states;
  const Tensor& projection = decoder.output_projection().value;
  std::vector<float> out(tokens.size() * static_cast<std::size_t>(projection.rows()));
  gemm(states.rows(), projection.rows(), states.columns(), 1.0F, {states.value().data(), states.columns()},
       {projection.data(), states.columns(), true}, 0.0F, out.data(), projection.rows());
  return out;
}

double log_probability(std::span<const float> row, std::int32_t id) {
  const float top = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (const float v : row) sum += std::exp(static_cast<double>(v - top));
  return static_cast<double>(row[static_cast<std::size_t>(id)] - top) - std::log(sum);
}

void check_prompt(const nlohmann::json& prompt, std::span<const float> last) {
  INFO(prompt.at("text").get<std::string>());
  const std::vector<std::int32_t> top = ids(prompt.at("top_ids"));
  for (std::size_t i = 0; i < top.size(); ++i)
    CHECK(static_cast<double>(last[static_cast<std::size_t>(top[i])]) ==
          Approx(prompt.at("top_logits").at(i).get<double>()).margin(1e-3));
  CHECK(std::max_element(last.begin(), last.end()) - last.begin() == top.front());
}

}  // namespace

TEST_CASE("SmolLM2: logits and log-probabilities") {
  GPT_NEED(reference, test::reference());
  GPT_NEED(weights, test::smollm2());
  const nlohmann::json expected = read_json_file(reference / "smollm2" / "reference.json");
  Threads threads;
  threads.run([&] {
    const auto decoder = Decoder::load(weights);
    const auto vocabulary = static_cast<std::size_t>(decoder->config().vocabulary);
    CHECK(decoder->config().family == "llama");
    CHECK(decoder->config().tied_embeddings);
    for (const nlohmann::json& prompt : expected.at("prompts")) {
      const std::vector<float> all = logits(*decoder, ids(prompt.at("ids")));
      check_prompt(prompt, std::span(all).last(vocabulary));
    }
    const nlohmann::json& passage = expected.at("passage");
    const std::vector<std::int32_t> tokens = ids(passage.at("ids"));
    const std::vector<float> all = logits(*decoder, tokens);
    double sum = 0, worst = 0;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      const double found = log_probability(std::span(all).subspan(i * vocabulary, vocabulary), tokens[i + 1]);
      worst = std::max(worst, std::abs(found - passage.at("token_log_probabilities").at(i).get<double>()));
      sum += found;
    }
    CHECK(worst <= 2e-3);
    CHECK(std::exp(-sum / static_cast<double>(tokens.size() - 1)) ==
          Approx(passage.at("perplexity").get<double>()).epsilon(1e-3));
  });
}

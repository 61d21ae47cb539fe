// A plugin with a head of its own: classification where every token has a say, not only the last one. The head is all
// there is to write; reading files, labels, metrics and options come from ClassificationTask.
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>

#include "gpt/head/head.h"
#include "gpt/ops/linear.h"
#include "gpt/ops/pool.h"
#include "gpt/plugin/plugin.h"
#include "gptask/classification/task.h"

namespace {

/// The mean of a text's hidden states, then a linear map to a score a label.
class KeywordHead : public gpt::Head {
 public:
  KeywordHead(std::int64_t hidden, std::int64_t labels, float deviation, gpt::Random& random)
      : weight_(parameter("score.weight", gpt::Shape::matrix(labels, hidden), deviation, random)),
        bias_(parameter("score.bias", gpt::Shape::vector(labels), 0, random)) {}

  /// [sequences, labels]; the loss (cross entropy of each row against its label) and the way back are given.
  gpt::Variable forward(const gpt::Hidden& hidden, const gpt::Batch& batch) override {
    return gpt::linear(gpt::mean_pool(hidden.states, batch), weight_, &bias_);
  }
  std::string looks_at() const override { return "the mean of all tokens"; }

 private:
  gpt::Parameter& weight_;
  gpt::Parameter& bias_;
};

class KeywordTask : public gptask::ClassificationTask {
 public:
  std::unique_ptr<gpt::Head> make_head(gpt::Decoder& decoder, gpt::Random& random) const override {
    return std::make_unique<KeywordHead>(decoder.config().hidden, static_cast<std::int64_t>(labels().size()), 0.02F,
                                         random);
  }
  /// Transformers has no such head (its ForSequenceClassification reads the last token only): it gets the decoder
  /// alone.
  nlohmann::ordered_json transformers() const override { return {{"architecture", "ForCausalLM"}}; }
};

}  // namespace

GPTASK_PLUGIN(registrar) { registrar.task<KeywordTask>("keywords", 1); }

// Two hundred steps of pre-training against the losses of PyTorch (tests/parity/pretrain_trace.py wrote them).
#include <nlohmann/json.hpp>

#include "gpt/model/files.h"
#include "gpt/text/bpe_trainer.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

const std::filesystem::path cases = std::filesystem::path(GPTASK_SOURCE_DIR) / "tests/train/pretrain_cases";

/// prose.txt as gptask pretrain tokenizes it, after gptask train-tokenizer.
std::shared_ptr<const TokenFile> prose(const std::filesystem::path& path) {
  const std::string text = get(std::filesystem::path(GPTASK_SOURCE_DIR) / "tests/text/bpe_cases/prose.txt");
  BpeTrainerOptions options;
  options.vocabulary = 400;
  BpeTrainer trainer(options);
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end) {
    end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    trainer.add(std::string_view(text).substr(begin, end - begin));
  }
  const auto tokenizer = trainer.train();
  TokenFileWriter writer(path, 400, *tokenizer->eos(), tokenizer->hash());
  writer.add(tokenizer->encode(text), text.size());
  writer.commit();
  return std::make_shared<const TokenFile>(path);
}

TrainOptions trace_options() {
  TrainOptions o;
  o.max_steps = 200;
  o.batch_size = 4;
  o.learning_rate = 1e-3;
  o.min_rate = 0.1;
  o.schedule = Schedule::cosine;
  o.warmup_steps = 10;
  o.weight_decay = 0.1;
  o.beta2 = 0.95;
  return o;
}

}  // namespace

TEST_CASE("pre-training takes PyTorch's steps, within 1e-3 over 200 of them") {
  const std::string name = GENERATE(as<std::string>(), "llama", "gpt2");
  INFO(name);
  const TemporaryFolder folder;
  const TokenWindows windows(prose(folder / "x.tokens"), 32);
  const ModelConfig config = read_model_config(nlohmann::json::parse(get(cases / (name + ".json"))), name);
  const auto expected = nlohmann::json::parse(get(cases / (name + "_losses.json"))).get<std::vector<double>>();
  const auto decoder = Decoder::create(config, 42);
  decoder->scale_residual_projections();
  decoder->set_trainable(true);
  LanguageModelHead head(decoder->output_projection());
  Threads threads(2);
  const TrainResult result = train(*decoder, head, windows, trace_options(), threads, {}, {}, {});
  REQUIRE(result.records.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO("step " << i + 1);
    CHECK(result.records[i].loss == Approx(expected[i]).margin(1e-3).epsilon(0));
  }
}

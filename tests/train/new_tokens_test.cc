// Rows for new tokens: beside adapters they train alone of their table, and they come back with the adapter.
#include <algorithm>

#include "gpt/io/weight_source.h"
#include "support/errors.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

Model with_new_tokens(const ModelConfig& config) {
  Model m{Decoder::create(config, 1), nullptr};
  m.decoder->add_tokens(120, 123, 7);
  m.decoder->add_lora({4, 8, 0, {}}, 3);
  m.head = std::make_unique<TinyHead>(config.hidden);
  return m;
}

/// Every example starts with a new token and ends with another.
std::vector<Example> framed_examples(std::size_t count) {
  std::vector<Example> examples = tiny_examples(count);
  for (Example& e : examples) {
    e.tokens.resize(std::min<std::size_t>(e.tokens.size(), 30));
    e.tokens.insert(e.tokens.begin(), 120);
    e.tokens.push_back(122);
  }
  return examples;
}

}  // namespace

TEST_CASE("new tokens: the old rows stay, the new ones come from the seed") {
  for (const ModelConfig& config : {tiny_gpt2(), tiny_llama()}) {
    const auto before = Decoder::create(config, 1), after = Decoder::create(config, 1),
               again = Decoder::create(config, 1);
    CHECK(after->first_new_token() == 120);
    after->add_tokens(120, 123, 7);
    again->add_tokens(120, 123, 7);
    CHECK(after->config().vocabulary == 123);
    CHECK(after->first_new_token() == 120);
    const Tensor &old = before->token_embedding().value, &table = after->token_embedding().value;
    REQUIRE(table.rows() == 123);
    CHECK(std::equal(old.data(), old.data() + old.size(), table.data()));
    CHECK(std::any_of(table.row(120), table.row(123), [](float v) { return v != 0; }));
    CHECK(std::equal(table.data(), table.data() + table.size(), again->token_embedding().value.data()));
    CHECK(after->output_projection().value.rows() == 123);
    CHECK_ERROR(after->add_tokens(200, 203, 7), "invalid_option",
                "new tokens from id 200 on do not follow a vocabulary of 123");
  }
}

TEST_CASE("new tokens: with adapters only their rows train, the same bits on any threads and after an interruption") {
  const std::vector<Example> examples = framed_examples(12);
  const auto fresh = Decoder::create(tiny_gpt2(), 1);
  fresh->add_tokens(120, 123, 7);
  const Tensor& before = fresh->token_embedding().value;
  std::string hash;
  for (const int count : {1, 2}) {
    Threads threads(count);
    const TemporaryFolder folder;
    const Model m = with_new_tokens(tiny_gpt2());
    TrainOptions options = tiny_options(4);
    options.save_steps = 2;
    train(m, examples, options, threads, folder.path());
    const Tensor& after = m.decoder->token_embedding().value;
    CHECK(std::equal(before.data(), before.row(120), after.data()));
    for (const std::int64_t used : {120, 122})
      CHECK_FALSE(std::equal(before.row(used), before.row(used + 1), after.row(used)));
    if (hash.empty()) hash = m.hash();
    CHECK(m.hash() == hash);
    const Model resumed = with_new_tokens(tiny_gpt2());
    train(resumed, examples, options, threads, folder.path(), folder / "checkpoint-2");
    CHECK(resumed.hash() == hash);
  }
}

TEST_CASE("new tokens: saved with the adapter as PEFT's modules_to_save, and read onto the base") {
  Threads threads(1);
  for (const ModelConfig& config : {tiny_gpt2(), tiny_llama()}) {
    const TemporaryFolder folder;
    const Model m = with_new_tokens(config);
    const std::vector<Example> examples = framed_examples(6);
    train(m, examples, tiny_options(3), threads);
    save_adapter(*m.decoder, m.head->parameters(), folder.path(), "base", "SEQ_CLS");
    CHECK(contains(get(folder / "adapter_config.json"), config.family == "gpt2" ? "\"wte\"" : "\"embed_tokens\""));
    const auto decoder = Decoder::create(config, 1);
    TinyHead head(config.hidden);
    load_adapter(*decoder, folder.path(), head.parameters());
    CHECK(decoder->config().vocabulary == 123);
    CHECK(infer(*decoder, head, examples, 4, threads) == infer(*m.decoder, *m.head, examples, 4, threads));
  }
}

TEST_CASE("new tokens: an adapter for question answering names them as its class of Transformers does") {
  const TemporaryFolder folder;
  const Model m = with_new_tokens(tiny_llama());
  save_adapter(*m.decoder, {}, folder.path(), "base", "QUESTION_ANS");
  const auto weights = open_weights(folder.path());
  for (const StoredTensor& tensor : weights->tensors()) {
    INFO(tensor.name);
    CHECK(tensor.name.rfind("base_model.model.transformer.", 0) == 0);
  }
  const auto decoder = Decoder::create(tiny_llama(), 1);
  load_adapter(*decoder, folder.path());
  const Tensor &saved = m.decoder->token_embedding().value, &read = decoder->token_embedding().value;
  CHECK(std::equal(saved.data(), saved.data() + saved.size(), read.data(), read.data() + read.size()));
}

// The trainer: options, the order of examples, hooks, results, divergence.
#include <algorithm>
#include <cmath>
#include <limits>

#include "gpt/ops/loss.h"
#include "support/errors.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

/// Remembers which examples came, by their label.
class WatchingHead final : public TinyHead {
 public:
  using TinyHead::TinyHead;
  Variable loss(const Variable& outputs, const Batch& batch, float scale) override {
    std::vector<std::int32_t> seen, labels;
    for (const Target& target : batch.targets) {
      seen.push_back(target.label);
      labels.push_back(target.label % 3);
    }
    batches.push_back(seen);
    return cross_entropy(outputs, labels, scale);
  }
  std::vector<std::vector<std::int32_t>> batches;
};

struct Watched {
  explicit Watched(std::size_t count)
      : model{Decoder::create(tiny_gpt2(), 1), nullptr}, examples(tiny_examples(count)) {
    auto watching = std::make_unique<WatchingHead>(48);
    head = watching.get();
    model.head = std::move(watching);
    for (std::size_t i = 0; i < count; ++i) examples[i].target.label = static_cast<std::int32_t>(i);
  }
  Model model;
  WatchingHead* head;
  std::vector<Example> examples;
};

}  // namespace

TEST_CASE("trainer: every epoch takes each example once, in an order of its own") {
  Threads threads(1);
  Watched w(10);
  TrainOptions options = tiny_options(-1);
  options.epochs = 2;
  options.batch_size = 4;
  const TrainResult result = train(w.model, w.examples, options, threads);
  CHECK(result.steps == 6);
  REQUIRE(w.head->batches.size() == 6);
  std::vector<std::vector<std::int32_t>> epochs(2);
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(w.head->batches[i].size() == (i % 3 == 2 ? 2 : 4));
    epochs[i / 3].insert(epochs[i / 3].end(), w.head->batches[i].begin(), w.head->batches[i].end());
  }
  CHECK(epochs[0] != epochs[1]);
  for (std::vector<std::int32_t>& epoch : epochs) {
    std::sort(epoch.begin(), epoch.end());
    for (std::int32_t i = 0; i < 10; ++i) CHECK(epoch.at(static_cast<std::size_t>(i)) == i);
  }
}

TEST_CASE("trainer: passes of an accumulated step, the last of an epoch shorter") {
  Threads threads(1);
  Watched w(10);
  TrainOptions options = tiny_options(-1);
  options.epochs = 1;
  options.batch_size = 3;
  options.accumulation = 2;
  CHECK(train(w.model, w.examples, options, threads).steps == 2);
  std::vector<std::size_t> sizes;
  for (const auto& batch : w.head->batches) sizes.push_back(batch.size());
  CHECK(sizes == std::vector<std::size_t>{3, 3, 3, 1});
}

TEST_CASE("trainer: how many steps epochs make") {
  Threads threads(1);
  const std::vector<Example> examples = tiny_examples(10);
  const auto plan = [&](double epochs, std::int64_t max_steps, std::int64_t batch) {
    TrainPlan found;
    TrainHooks hooks;
    hooks.started = [&](const TrainPlan& p) {
      found = p;
      throw std::runtime_error("enough");
    };
    TrainOptions options = tiny_options(max_steps);
    options.epochs = epochs;
    options.batch_size = batch;
    CHECK_THROWS_WITH(train(gpt2_classifier(), examples, options, threads, {}, {}, hooks), "enough");
    CHECK(found.examples == 10);
    CHECK(found.first_step == 0);
    return found;
  };
  CHECK(plan(3, -1, 4).steps == 9);
  CHECK(plan(3, -1, 4).steps_per_epoch == 3);
  CHECK(plan(1.5, -1, 4).steps == 5);
  CHECK(plan(0.01, -1, 4).steps == 1);
  CHECK(plan(3, -1, 100).steps == 3);
  CHECK(plan(3, 7, 4).steps == 7);
  CHECK(plan(1.1, -1, 1).steps == 11);  // 1.1 x 10 is a little more than 11
}

TEST_CASE("trainer: records and results say what was done") {
  Threads threads(1);
  const std::vector<Example> examples = tiny_examples(10);
  TrainOptions options = tiny_options(5);
  options.batch_size = 4;
  std::vector<std::int64_t> stepped;
  TrainHooks hooks;
  hooks.stepped = [&](const StepRecord& r) { stepped.push_back(r.step); };
  const TrainResult result = train(gpt2_classifier(), examples, options, threads, {}, {}, hooks);
  CHECK(stepped == std::vector<std::int64_t>{1, 2, 3, 4, 5});
  CHECK(result.steps == 5);
  CHECK(result.epochs == Approx(5.0 / 3));
  CHECK_FALSE(result.stopped);
  std::int64_t tokens = 0;
  double loss = 0;
  for (const Example& e : examples) tokens += static_cast<std::int64_t>(e.tokens.size());
  for (const StepRecord& r : result.records) {
    CHECK(r.epoch == Approx(static_cast<double>(r.step) / 3));
    CHECK(r.loss == Approx(1.1).margin(0.8));  // three classes: about log 3
    CHECK(r.grad_norm > 0);
    loss += r.loss / 5;
  }
  CHECK(result.mean_loss == Approx(loss));
  CHECK(result.tokens > tokens);
  CHECK(result.tokens < 2 * tokens);
  CHECK(result.seconds > 0);
}

TEST_CASE("trainer: evaluation at the end of epochs or every so many steps, never after the last") {
  Threads threads(1);
  const std::vector<Example> examples = tiny_examples(10);
  const auto evaluated = [&](std::int64_t every) {
    std::vector<std::int64_t> at;
    TrainHooks hooks;
    hooks.evaluate = [&](const StepRecord& r) {
      at.push_back(r.step);
      return EvalRecord{r.step, r.epoch, 0, {}};
    };
    TrainOptions options = tiny_options(9);
    options.batch_size = 4;
    options.eval_steps = every;
    train(gpt2_classifier(), examples, options, threads, {}, {}, hooks);
    return at;
  };
  CHECK(evaluated(0) == std::vector<std::int64_t>{3, 6});
  CHECK(evaluated(2) == std::vector<std::int64_t>{2, 4, 6, 8});
  CHECK(evaluated(9).empty());
}

TEST_CASE("trainer: it learns") {
  Threads threads(2);
  std::vector<Example> examples = tiny_examples(30);
  for (Example& e : examples) e.target.label = e.tokens.back() % 3;
  TrainOptions options = tiny_options(60);
  options.batch_size = 30;
  options.learning_rate = 3e-3;
  const TrainResult result = train(gpt2_classifier(), examples, options, threads);
  CHECK(result.records.back().loss < 0.3 * result.records.front().loss);
}

TEST_CASE("trainer: clipping bounds the step, not what is reported") {
  Threads threads(1);
  const std::vector<Example> examples = tiny_examples(6);
  TrainOptions options = tiny_options(1);
  options.warmup_steps = 0;
  options.epsilon = 1;  // large: the update follows the gradient's size
  const auto moved = [&](double limit) {
    options.max_grad_norm = limit;
    const Model before = gpt2_classifier(), after = gpt2_classifier();
    const TrainResult result = train(after, examples, options, threads);
    double squares = 0;
    for (std::size_t i = 0; i < before.parameters().size(); ++i)
      for (std::int64_t j = 0; j < before.parameters()[i]->value.size(); ++j)
        squares += std::pow(
            static_cast<double>(before.parameters()[i]->value.data()[j] - after.parameters()[i]->value.data()[j]), 2);
    return std::pair(result.records[0].grad_norm, std::sqrt(squares));
  };
  options.weight_decay = 0;
  const auto [norm, free_step] = moved(0);
  const auto [same_norm, bounded] = moved(norm / 10);
  const auto [again, loose] = moved(norm * 2);
  CHECK(same_norm == norm);
  CHECK(again == norm);
  CHECK(bounded < 0.2 * free_step);
  CHECK(loose == free_step);
}

TEST_CASE("trainer: a loss that is not finite names the step and keeps the last checkpoint") {
  const TemporaryFolder folder;
  Threads threads(1);
  TrainOptions options = tiny_options(10);
  options.learning_rate = 1e30;
  options.warmup_steps = 0;
  CHECK_ERROR(train(gpt2_classifier(), tiny_examples(12), options, threads, folder.path()), "diverged",
              "step 2: the loss is ");
  CHECK_ERROR(train(gpt2_classifier(), tiny_examples(12), options, threads, folder.path()), "diverged",
              "Try a smaller learning rate");
  CHECK(newest_checkpoint(folder.path()).empty());
  options.save_steps = 1;
  CHECK_ERROR(train(gpt2_classifier(), tiny_examples(12), options, threads, folder.path()), "diverged",
              ", or resume from " + (folder / "checkpoint-1").string());
  CHECK(newest_checkpoint(folder.path()) == folder / "checkpoint-1");
}

TEST_CASE("trainer: a weight that is not a number is found at once") {
  Threads threads(1);
  for (const std::size_t which : {std::size_t{0}, std::size_t{5}, std::size_t{9}}) {
    const Model m = gpt2_classifier();
    m.parameters().at(which)->value.fill(std::numeric_limits<float>::quiet_NaN());
    CHECK_ERROR(train(m, tiny_examples(12), tiny_options(3), threads), "diverged", "nan");
  }
}

TEST_CASE("trainer: options out of range are refused, each by name") {
  Threads threads(1);
  const std::vector<Example> examples = tiny_examples(3);
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const std::pair<const char*, void (*)(TrainOptions&)> cases[] = {
      {"the learning rate must be a positive number, not 0", [](TrainOptions& o) { o.learning_rate = 0; }},
      {"the learning rate must be a positive number, not -1", [](TrainOptions& o) { o.learning_rate = -1; }},
      {"the learning rate must be a positive number, not nan", [](TrainOptions& o) { o.learning_rate = nan; }},
      {"the learning rate must be a positive number, not inf", [](TrainOptions& o) { o.learning_rate = infinity; }},
      {"the batch size must be a positive number, not 0", [](TrainOptions& o) { o.batch_size = 0; }},
      {"the number of accumulation steps must be a positive number, not -2",
       [](TrainOptions& o) { o.accumulation = -2; }},
      {"the number of epochs must be a positive number, not 0",
       [](TrainOptions& o) {
         o.max_steps = -1;
         o.epochs = 0;
       }},
      {"the number of tokens in a pass must be 0 or more, not -1", [](TrainOptions& o) { o.max_batch_tokens = -1; }},
      {"the weight of the language-model loss must be 0 or more, not -0.5",
       [](TrainOptions& o) { o.lm_coefficient = -0.5; }},
      {"the patience must be 0 or more, not -1", [](TrainOptions& o) { o.early_stopping_patience = -1; }},
      {"the threshold of the patience must be 0 or more, not -1",
       [](TrainOptions& o) { o.early_stopping_threshold = -1; }},
      {"the best weights and early stopping need evaluations", [](TrainOptions& o) { o.load_best = true; }},
      {"example 1 has 34 tokens, and a pass may have 3", [](TrainOptions& o) { o.max_batch_tokens = 3; }},
      {"the weight decay must be 0 or more, not -0.1", [](TrainOptions& o) { o.weight_decay = -0.1; }},
      {"the largest gradient norm must be 0 or more, not -1", [](TrainOptions& o) { o.max_grad_norm = -1; }},
      {"the number of warm-up steps must be 0 or more, not -1", [](TrainOptions& o) { o.warmup_steps = -1; }},
      {"the warm-up ratio must be between 0 and 1, not 1.5", [](TrainOptions& o) { o.warmup_ratio = 1.5; }},
      {"the warm-up ratio must be between 0 and 1, not nan", [](TrainOptions& o) { o.warmup_ratio = nan; }},
      {"beta1 must be at least 0 and below 1, not 1", [](TrainOptions& o) { o.beta1 = 1; }},
      {"beta2 must be at least 0 and below 1, not -0.5", [](TrainOptions& o) { o.beta2 = -0.5; }},
      {"epsilon must be 0 or more, not -1e-08", [](TrainOptions& o) { o.epsilon = -1e-8; }}};
  for (const auto& [message, change] : cases) {
    TrainOptions options = tiny_options(1);
    change(options);
    CHECK_ERROR(train(gpt2_classifier(), examples, options, threads), "invalid_option", message);
  }
  CHECK_ERROR(train(gpt2_classifier(), {}, tiny_options(1), threads), "invalid_option",
              "there is nothing to train on: no example was left");
}

TEST_CASE("trainer: nothing to train") {
  Threads threads(1);
  const Model m = gpt2_classifier();
  for (Parameter* p : m.parameters()) p->set_trainable(false);
  CHECK_ERROR(train(m, tiny_examples(3), tiny_options(1), threads), "invalid_option", "no weight is trainable");
}

TEST_CASE("trainer: frozen weights stay, head and adapters move") {
  Threads threads(1);
  Model m = gpt2_classifier();
  m.decoder->set_trainable(false);
  std::vector<std::vector<float>> before;
  for (const Parameter* p : m.parameters()) before.emplace_back(p->value.values().begin(), p->value.values().end());
  train(m, tiny_examples(12), tiny_options(3), threads);
  const std::vector<Parameter*> all = m.parameters();
  for (std::size_t i = 0; i < all.size(); ++i) {
    INFO(all[i]->name);
    CHECK(std::equal(before[i].begin(), before[i].end(), all[i]->value.data()) == !all[i]->trainable);
  }
}

TEST_CASE("trainer: an example with an impossible token or label ends the run with its reason") {
  Threads threads(1);
  std::vector<Example> examples = tiny_examples(3);
  examples[1].tokens[0] = 120;
  CHECK_ERROR(train(gpt2_classifier(), examples, tiny_options(3), threads), "mismatch",
              "token id 120 is outside the model's vocabulary of 120");
  examples = tiny_examples(3);
  examples[2].target.label = 3;
  CHECK_ERROR(train(gpt2_classifier(), examples, tiny_options(3), threads), "mismatch", "label 3 of 3 classes");
}

TEST_CASE("trainer: a step is the same in however many passes, of whatever lengths") {
  Threads threads(1);
  const std::vector<Example> examples = tiny_examples(12);
  for (const bool language_model : {false, true}) {
    std::vector<TrainResult> results;
    for (const std::int64_t accumulation : {1, 2, 4}) {
      Model m = language_model ? llama_adapters() : gpt2_classifier();
      TrainOptions options = tiny_options(2);
      options.batch_size = 12 / accumulation;
      options.accumulation = accumulation;
      options.lm_coefficient = language_model ? 0 : 0.5;
      if (!language_model) {  // dropout draws other numbers in other passes
        ModelConfig config = tiny_gpt2();
        config.embedding_dropout = config.residual_dropout = config.attention_dropout = 0;
        m.decoder = Decoder::create(config, 1);
        m.decoder->set_trainable(true);
      } else {
        ModelConfig config = tiny_llama();
        config.attention_dropout = 0;
        m.decoder = Decoder::create(config, 1);
        m.decoder->add_lora({4, 8, 0, {}}, 3);
        m.head = std::make_unique<LanguageModelHead>(m.decoder->output_projection());
      }
      results.push_back(train(m, examples, options, threads));
    }
    for (const TrainResult& result : results)
      for (std::size_t i = 0; i < 2; ++i) {
        CHECK(result.records[i].loss == Approx(results[0].records[i].loss).epsilon(1e-4));
        CHECK(result.records[i].grad_norm == Approx(results[0].records[i].grad_norm).epsilon(1e-3));
      }
  }
}

TEST_CASE("trainer: the auxiliary language-model loss adds its mean over next tokens, weighted") {
  Threads threads(1);
  const std::vector<Example> examples = tiny_examples(6);
  const auto first_loss = [&](double coefficient, bool language_model) {
    ModelConfig config = tiny_gpt2();
    config.embedding_dropout = config.residual_dropout = config.attention_dropout = 0;
    Model m{Decoder::create(config, 1), nullptr};
    m.decoder->set_trainable(true);
    if (language_model)
      m.head = std::make_unique<LanguageModelHead>(m.decoder->output_projection());
    else
      m.head = std::make_unique<TinyHead>(config.hidden);
    TrainOptions options = tiny_options(1);
    options.lm_coefficient = coefficient;
    return train(m, examples, options, threads).records[0].loss;
  };
  const double task = first_loss(0, false), language_model = first_loss(0, true);
  CHECK(language_model == Approx(std::log(120)).margin(0.3));
  CHECK(first_loss(0.5, false) == Approx(task + 0.5 * language_model).epsilon(1e-5));

  Model frozen = gpt2_classifier();
  frozen.decoder->set_trainable(false);
  TrainOptions options = tiny_options(1);
  options.lm_coefficient = 0.5;
  CHECK_ERROR(train(frozen, examples, options, threads), "invalid_option", "where only the head is trained");
}

TEST_CASE("trainer: examples of several sequences are one term each, and keep their order in answers") {
  Threads threads(2);
  std::vector<Example> twice = tiny_examples(9), once = twice;
  for (Example& e : twice) {
    const std::vector<std::int32_t> again = e.tokens;
    e.starts = {static_cast<std::int32_t>(again.size())};
    e.tokens.insert(e.tokens.end(), again.begin(), again.end());
  }
  const auto decoder = Decoder::create(tiny_llama(), 1);
  TinyHead head(48);
  const auto single = infer(*decoder, head, once, 4, threads), doubled = infer(*decoder, head, twice, 4, threads);
  REQUIRE(doubled.size() == 9);
  for (std::size_t i = 0; i < 9; ++i)
    for (std::size_t j = 0; j < 3; ++j) CHECK(doubled[i].at(j) == Approx(2 * single[i].at(j)).margin(1e-5));
  CHECK(hash_of(twice) != hash_of(once));
}

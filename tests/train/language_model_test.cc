// Pre-training: windows of a token file as examples, losses, and schedules that may be made longer.
#include <cmath>
#include <numeric>

#include "support/errors.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

Model language_model() {
  Model m{Decoder::create(tiny_llama(), 4), nullptr};
  m.decoder->scale_residual_projections();
  m.decoder->set_trainable(true);
  m.head = std::make_unique<LanguageModelHead>(m.decoder->output_projection());
  return m;
}

std::shared_ptr<const TokenFile> random_tokens(const std::filesystem::path& path, std::size_t count) {
  TokenFileWriter writer(path, 120, 0, std::string(32, '0'));
  Random random(3);
  std::vector<std::int32_t> ids(count);
  for (std::int32_t& id : ids) id = static_cast<std::int32_t>(random.below(120));
  writer.add(ids, count);
  writer.commit();
  return std::make_shared<const TokenFile>(path);
}

std::vector<Example> list_of(const ExampleSource& source) {
  std::vector<Example> list;
  for (std::size_t i = 0; i < source.size(); ++i) {
    Batch batch;
    source.add(i, batch);
    list.push_back({batch.tokens, batch.targets.front()});
  }
  return list;
}

std::string trained(const ExampleSource& source, const TrainOptions& options, const std::filesystem::path& folder = {},
                    const std::filesystem::path& resume = {}) {
  Threads threads(2);
  const Model m = language_model();
  train(*m.decoder, *m.head, source, options, threads, folder, resume, {});
  return m.hash();
}

TrainOptions stable_options(std::int64_t steps) {
  TrainOptions options = tiny_options(steps);
  options.schedule = Schedule::stable;
  options.decay_steps = 5;
  options.min_rate = 0.1;
  options.save_steps = 3;
  return options;
}

}  // namespace

TEST_CASE("training on windows of a file is training on the same examples in memory") {
  const TemporaryFolder folder;
  const TokenWindows windows(random_tokens(folder / "x.tokens", 300), 20);
  const std::vector<Example> list = list_of(windows);
  CHECK(trained(windows, tiny_options(5)) == trained(ExampleList(list), tiny_options(5)));
}

TEST_CASE("mean_loss is the mean over all terms, in batches of any size, and trains nothing") {
  const TemporaryFolder folder;
  const TokenWindows windows(random_tokens(folder / "x.tokens", 101), 20);
  const Model m = language_model();
  Threads threads(2);
  std::vector<std::uint32_t> all(windows.size());
  std::iota(all.begin(), all.end(), 0U);
  const std::string before = m.hash();
  double sum = 0;
  std::int64_t terms = 0;
  for (const std::uint32_t& index : all) {
    const MeanLoss one = mean_loss(*m.decoder, *m.head, windows, {&index, 1}, 1, threads);
    sum += one.loss * static_cast<double>(one.terms);
    terms += one.terms;
  }
  CHECK(terms == 101);
  std::size_t done = 0;
  const MeanLoss whole =
      mean_loss(*m.decoder, *m.head, windows, all, 4, threads, [&](std::size_t count) { done = count; });
  CHECK(whole.terms == 101);
  CHECK(whole.loss == Approx(sum / 101).epsilon(1e-6));
  CHECK(whole.loss == Approx(std::log(120.0)).epsilon(0.05));
  CHECK(done == all.size());
  CHECK(m.hash() == before);
  CHECK(mean_loss(*m.decoder, *m.head, windows, {}, 4, threads).terms == 0);
  CHECK_ERROR(mean_loss(*m.decoder, *m.head, windows, all, 0, threads), "invalid_option", "batch size");
}

TEST_CASE("a stable schedule: a checkpoint from before the decay goes on with another length") {
  const TemporaryFolder folder;
  const TokenWindows windows(random_tokens(folder / "x.tokens", 300), 20);
  const std::string short_run = trained(windows, stable_options(12), folder / "short");
  trained(windows, stable_options(40), folder / "long");
  CHECK(trained(windows, stable_options(12), folder / "again", folder / "long/checkpoint-6") == short_run);
  CHECK_ERROR(trained(windows, stable_options(40), folder / "again", folder / "short/checkpoint-9"), "mismatch",
              "its last step had learning rate");
  CHECK_ERROR(trained(windows, stable_options(8), folder / "again", folder / "long/checkpoint-9"), "mismatch",
              "has 9 steps, the run ends after 8");
}

TEST_CASE("residual projections start smaller, all else as create made it") {
  const auto plain = Decoder::create(tiny_gpt2(), 4), scaled = Decoder::create(tiny_gpt2(), 4);
  scaled->scale_residual_projections();
  const auto before = plain->parameters(), after = scaled->parameters();
  for (std::size_t i = 0; i < before.size(); ++i) {
    const bool residual = contains(before[i]->name, "c_proj.weight");
    INFO(before[i]->name);
    for (const std::int64_t at : {std::int64_t{0}, before[i]->value.size() - 1})
      CHECK(after[i]->value.data()[at] == Approx(before[i]->value.data()[at] * (residual ? 0.5F : 1.0F)));
  }
}

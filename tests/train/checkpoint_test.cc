// Checkpoints: refused, skipped, limited, and never half written.
#include <algorithm>
#include <cerrno>

#include "gpt/core/log.h"
#include "gpt/io/atomic_file.h"
#include "support/errors.h"
#include "support/failing_file_system.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace fs = std::filesystem;

namespace {

TrainOptions saving(std::int64_t steps, std::int64_t every, std::int64_t limit = 0) {
  TrainOptions o = tiny_options(steps);
  o.save_steps = every;
  o.save_total_limit = limit;
  return o;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

void halve(const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); }

}  // namespace

TEST_CASE("checkpoints: every save_steps, not after the last step") {
  const TemporaryFolder folder;
  Threads threads(1);
  train(gpt2_classifier(), tiny_examples(12), saving(6, 2), threads, folder.path());
  CHECK(names_in(folder.path()) == std::vector<std::string>{"checkpoint-2", "checkpoint-4"});
  for (const char* name : {"checkpoint-2", "checkpoint-4"}) {
    CHECK(verify_folder(folder / name).complete);
    CHECK(names_in(folder / name) == std::vector<std::string>{"manifest.json", "optimizer.safetensors",
                                                              "trained.safetensors", "trainer_state.json"});
  }
}

TEST_CASE("checkpoints: the limit keeps the newest") {
  const TemporaryFolder folder;
  Threads threads(1);
  put(folder / "notes.txt", "mine");
  train(gpt2_classifier(), tiny_examples(12), saving(12, 1, 2), threads, folder.path());
  CHECK(names_in(folder.path()) == std::vector<std::string>{"checkpoint-10", "checkpoint-11", "notes.txt"});
}

TEST_CASE("checkpoints: the newest complete one is found, others are named in a warning") {
  const TemporaryFolder folder;
  Threads threads(1);
  CHECK(newest_checkpoint(folder / "nowhere").empty());
  CHECK(newest_checkpoint(folder.path()).empty());
  train(gpt2_classifier(), tiny_examples(12), saving(11, 1, 3), threads, folder.path());  // 8, 9, 10
  fs::create_directories(folder / "checkpoint-99");
  fs::create_directories(folder / "checkpoint-x");
  fs::create_directories(folder / "checkpoint-");
  put(folder / "checkpoint-100", "a file");
  std::vector<std::string> warnings;
  const LogSink before = set_log_sink([&](LogLevel, std::string_view text) { warnings.emplace_back(text); });
  CHECK(newest_checkpoint(folder.path()) == folder / "checkpoint-10");
  REQUIRE(warnings.size() == 1);
  CHECK(contains(warnings[0], "checkpoint-99 is not complete"));

  halve(folder / "checkpoint-10" / "trained.safetensors");
  warnings.clear();
  CHECK(newest_checkpoint(folder.path()) == folder / "checkpoint-9");
  REQUIRE(warnings.size() == 2);
  CHECK(contains(warnings[1], "checkpoint-10 is not complete"));
  CHECK(contains(warnings[1], "trained.safetensors"));

  fs::remove(folder / "checkpoint-9" / "manifest.json");
  CHECK(newest_checkpoint(folder.path()) == folder / "checkpoint-8");
  std::string state = get(folder / "checkpoint-8" / "trainer_state.json");
  state[state.size() / 2] ^= 1;  // the right size, another content
  put(folder / "checkpoint-8" / "trainer_state.json", state);
  CHECK(newest_checkpoint(folder.path()).empty());
  set_log_sink(before);
}

TEST_CASE("checkpoints: one that is not there or not whole is refused") {
  const TemporaryFolder folder;
  Threads threads(1);
  const TrainOptions options = saving(3, 2);
  train(gpt2_classifier(), tiny_examples(12), options, threads, folder.path());
  const fs::path checkpoint = folder / "checkpoint-2";
  const auto resume = [&](const fs::path& from) {
    train(gpt2_classifier(), tiny_examples(12), options, threads, folder.path(), from);
  };
  CHECK_ERROR(resume(folder / "checkpoint-7"), "not_found", "checkpoint-7: there is no checkpoint here");
  halve(checkpoint / "optimizer.safetensors");
  CHECK_ERROR(resume(checkpoint), "malformed", "the checkpoint is not complete (");
  CHECK_ERROR(resume(checkpoint), "malformed", "optimizer.safetensors");
  CHECK_ERROR(resume(checkpoint), "malformed", "name an older one");
}

TEST_CASE("checkpoints: one of another run is refused, and what differs is named") {
  const TemporaryFolder folder;
  Threads threads(1);
  const TrainOptions options = saving(3, 2);
  const std::vector<Example> examples = tiny_examples(12);
  train(gpt2_classifier(), examples, options, threads, folder.path());
  const fs::path checkpoint = folder / "checkpoint-2";
  const auto refused = [&](const std::string& what, const Model& m, std::span<const Example> data,
                           const TrainOptions& o) {
    CHECK_ERROR(train(m, data, o, threads, folder.path(), checkpoint), "mismatch",
                "checkpoint-2: this checkpoint belongs to another run: its " + what + " is ");
  };
  const std::pair<const char*, void (*)(TrainOptions&)> changes[] = {
      {"accumulation", [](TrainOptions& o) { o.accumulation = 2; }},
      {"batch_size", [](TrainOptions& o) { o.batch_size = 5; }},
      {"max_batch_tokens", [](TrainOptions& o) { o.max_batch_tokens = 100; }},
      {"group_by_length", [](TrainOptions& o) { o.group_by_length = true; }},
      {"lm_coefficient", [](TrainOptions& o) { o.lm_coefficient = 0.5; }},
      {"beta1", [](TrainOptions& o) { o.beta1 = 0.8; }},
      {"beta2", [](TrainOptions& o) { o.beta2 = 0.99; }},
      {"data_seed", [](TrainOptions& o) { o.data_seed = 1; }},
      {"epochs", [](TrainOptions& o) { o.epochs = 4; }},
      {"epsilon", [](TrainOptions& o) { o.epsilon = 1e-6; }},
      {"learning_rate", [](TrainOptions& o) { o.learning_rate = 2e-3; }},
      {"max_grad_norm", [](TrainOptions& o) { o.max_grad_norm = 0; }},
      {"max_steps", [](TrainOptions& o) { o.max_steps = 4; }},
      {"schedule", [](TrainOptions& o) { o.schedule = Schedule::cosine; }},
      {"seed", [](TrainOptions& o) { o.seed = 1; }},
      {"warmup_ratio", [](TrainOptions& o) { o.warmup_ratio = 0.5; }},
      {"warmup_steps", [](TrainOptions& o) { o.warmup_steps = 1; }},
      {"weight_decay", [](TrainOptions& o) { o.weight_decay = 0; }}};
  for (const auto& change : changes) {
    TrainOptions other = options;
    change.second(other);
    refused(change.first, gpt2_classifier(), examples, other);
  }
  refused("training data", gpt2_classifier(), tiny_examples(12, 10), options);
  std::vector<Example> relabelled = examples;
  relabelled[3].target.label = (relabelled[3].target.label + 1) % 3;
  refused("training data", gpt2_classifier(), relabelled, options);
  refused("initial weights", gpt2_classifier(2), examples, options);
  Model frozen = gpt2_classifier();
  frozen.decoder->parameters().front()->set_trainable(false);
  refused("initial weights", frozen, examples, options);

  TrainOptions harmless = options;  // what changes no step
  harmless.save_steps = 1;
  harmless.save_total_limit = 5;
  harmless.logging_steps = 1;
  harmless.eval_steps = 2;
  CHECK(train(gpt2_classifier(), examples, harmless, threads, folder.path(), checkpoint).steps == 3);
}

TEST_CASE("checkpoints: adapters go with their base and their settings") {
  const TemporaryFolder folder;
  Threads threads(1);
  const TrainOptions options = saving(3, 2);
  const std::vector<Example> examples = tiny_examples(12);
  train(llama_adapters(), examples, options, threads, folder.path());
  const auto resume = [&](const Model& m) {
    train(m, examples, options, threads, folder.path(), folder / "checkpoint-2");
  };
  const auto adapted = [](double alpha, double dropout) {
    Model m{Decoder::create(tiny_llama(), 1), nullptr};
    m.decoder->add_lora({4, alpha, dropout, {}}, 3);
    m.head = std::make_unique<LanguageModelHead>(m.decoder->output_projection());
    return m;
  };
  CHECK_ERROR(resume(llama_adapters(2)), "mismatch", "its initial weights is");  // only the frozen base differs
  CHECK_ERROR(resume(adapted(16, 0.1)), "mismatch", "its adapters is [4,8.0,0.1], this run's is [4,16.0,0.1]");
  CHECK_ERROR(resume(adapted(8, 0)), "mismatch", "its adapters is");
  resume(adapted(8, 0.1));
}

TEST_CASE("checkpoints: a full disk leaves no half checkpoint, and the run goes on from the last whole one") {
  Threads threads(1);
  const auto head_only = [] {  // few tensors, few file calls
    Model m = gpt2_classifier();
    m.decoder->set_trainable(false);
    return m;
  };
  const TrainOptions options = saving(5, 2, 1);
  const std::vector<Example> examples = tiny_examples(12);
  const Model straight = head_only();
  int calls = 0;
  {
    const TemporaryFolder folder;
    FailingFileSystem counting(0, ENOSPC);
    const ScopedFileSystem scope(counting);
    train(straight, examples, options, threads, folder.path());
    calls = counting.calls();
  }
  REQUIRE(calls > 20);
  for (int n = 1; n <= calls; ++n) {
    INFO("file call " << n << " of " << calls);
    const TemporaryFolder folder;
    {
      FailingFileSystem full(n, ENOSPC);
      const ScopedFileSystem scope(full);
      CHECK_ERROR(train(head_only(), examples, options, threads, folder.path()), "io", "the disk is full: free space");
    }
    for (const std::string& name : names_in(folder.path())) {
      INFO(name);
      CHECK(contains(name, "checkpoint-"));
      CHECK(verify_folder(folder / name).complete);
    }
    const Model resumed = head_only();
    train(resumed, examples, saving(5, 0), threads, folder.path(), newest_checkpoint(folder.path()));
    CHECK(resumed.hash() == straight.hash());
  }
}

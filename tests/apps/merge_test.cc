// gptask merge: other types of weights, and adapters that PEFT wrote.
#include "apps/gptask.h"
#include "gpt/core/random.h"
#include "gpt/head/sequence_head.h"
#include "gpt/head/span_head.h"
#include "gpt/io/safetensors.h"
#include "gpt/model/lora.h"
#include "support/catch.h"

using namespace gptask::test;

namespace {

/// A folder as PEFT leaves it: an adapter on model/, a head that was trained, no gptask.json. The decoder, folded.
std::unique_ptr<gpt::Decoder> write_peft(const Workspace& work, const std::string& task_type, gpt::Head* head) {
  auto decoder = gpt::Decoder::load(work.path("model"));
  decoder->add_lora({4, 32, 0, {}}, 3);
  gpt::Random random(5);
  for (gpt::Parameter* p : decoder->parameters())
    if (p->name.find("lora_B") != std::string::npos)
      for (float& value : p->value.values()) value = random.normal();
  std::filesystem::create_directories(work.scratch / "peft");
  gpt::save_adapter(*decoder, head != nullptr ? head->parameters() : std::vector<gpt::Parameter*>(),
                    work.scratch / "peft", work.path("model"), task_type);
  decoder->merge_lora();
  return decoder;
}

std::vector<std::string> merge(const Workspace& work, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"merge", "--model", work.path("peft"), "--output-dir", work.path("merged")};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

void merge_well(const Workspace& work, const std::vector<std::string>& more = {}) {
  const auto outcome = run_gptask(merge(work, more));
  INFO(outcome.err << outcome.out);
  REQUIRE(outcome.code == 0);
}

/// All weights of `expected` are in `folder`, rounded no further than bfloat16 does.
void check_weights(const std::filesystem::path& folder, const std::vector<gpt::Parameter*>& expected, double margin) {
  const auto found = gpt::open_weights(folder);
  CHECK(found->tensors().size() == expected.size());
  for (const gpt::Parameter* p : expected) {
    INFO(p->name);
    const gpt::StoredTensor* stored = found->find(p->name);
    REQUIRE(stored != nullptr);
    std::vector<float> values(static_cast<std::size_t>(stored->elements()));
    gpt::read_f32(*stored, 0, values);
    REQUIRE(static_cast<std::int64_t>(values.size()) == p->value.size());
    double worst = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = static_cast<double>(p->value.data()[i]);
      worst = std::max(worst, std::abs(static_cast<double>(values[i]) - value) / std::max(1e-3, std::abs(value)));
    }
    CHECK(worst <= margin);
  }
}

}  // namespace

TEST_CASE("merge: the weights in the type that was asked for", "[apps]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "4"})).code == 0);
  const auto to = [&](const std::string& target, const std::string& type) {
    const auto outcome =
        run_gptask({"merge", "--model", work.path("run"), "--output-dir", work.path(target), "--dtype", type});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    CHECK(work.json(target + "/config.json").at("dtype") == type);
    CHECK(work.json(target + "/config.json").at("torch_dtype") == type);
    const auto weights = gpt::open_weights(work.scratch / target);
    for (const gpt::StoredTensor& tensor : weights->tensors())
      CHECK(tensor.type == (type == "float32" ? gpt::StoredType::f32 : gpt::StoredType::bf16));
    const auto answer = run_gptask({"predict", "--model", work.path(target), "--text", "a good film", "--json"});
    INFO(answer.err);
    REQUIRE(answer.code == 0);
    return Json::parse(answer.out).at("probability").get<double>();
  };
  CHECK(to("half", "bfloat16") == Approx(to("whole", "float32")).margin(1e-2));
  const auto refused =
      run_gptask({"merge", "--model", work.path("run"), "--output-dir", work.path("x"), "--dtype", "int8"});
  CHECK(refused.code == 2);
  CHECK(refused.err.find("float32, bfloat16, float16") != std::string::npos);
}

TEST_CASE("merge: a language model's adapter of PEFT, which has no gptask.json", "[apps]") {
  const Workspace work;
  const auto decoder = write_peft(work, "CAUSAL_LM", nullptr);
  merge_well(work);
  check_weights(work.scratch / "merged", decoder->parameters(), 0);
  CHECK(work.json("merged/config.json").at("architectures") == Json{"LlamaForCausalLM"});
  CHECK_FALSE(work.exists("merged/gptask.json"));
  const auto written = [&](const std::string& model) {
    return run_gptask({"generate", "--model", work.path(model), "--prompt", "ab", "--max-new-tokens", "20"}).out;
  };
  const std::string before = written("peft");
  std::filesystem::remove_all(work.scratch / "model");
  CHECK(written("merged") == before);
  const auto again = run_gptask(merge(work));
  CHECK(again.code == 2);
  CHECK(again.err.find("exists already; choose a new or empty folder") != std::string::npos);
}

TEST_CASE("merge: classifiers and question answerers of PEFT keep their heads", "[apps]") {
  const Workspace work;
  gpt::Random random(9);
  const std::int64_t hidden = gpt::Decoder::load(work.path("model"))->config().hidden;
  const bool classifier = GENERATE(true, false);
  std::unique_ptr<gpt::Head> head;
  if (classifier)
    head = std::make_unique<gpt::SequenceHead>(hidden, 3, 0.2F, random);
  else
    head = std::make_unique<gpt::SpanHead>(hidden, 0.2F, random);
  const auto decoder = write_peft(work, classifier ? "SEQ_CLS" : "QUESTION_ANS", head.get());
  merge_well(work, {"--dtype", "bfloat16"});
  std::vector<gpt::Parameter*> expected = decoder->parameters();
  for (gpt::Parameter* p : head->parameters()) expected.push_back(p);
  if (!classifier)
    for (gpt::Parameter* p : decoder->parameters())
      if (p->name.rfind("model.", 0) == 0) p->name.replace(0, 6, "transformer.");
  check_weights(work.scratch / "merged", expected, 1.0 / 256);
  const Json config = work.json("merged/config.json");
  if (classifier) {
    CHECK(config.at("architectures") == Json{"LlamaForSequenceClassification"});
    CHECK(config.at("id2label") == Json{{"0", "LABEL_0"}, {"1", "LABEL_1"}, {"2", "LABEL_2"}});
  } else {
    CHECK(config.at("architectures") == Json{"LlamaForQuestionAnswering"});
  }
}

TEST_CASE("merge: what an adapter of PEFT brings beyond its projections is named", "[apps]") {
  const Workspace work;
  const auto add = [&](const std::string& name) {
    const auto file = work.scratch / "peft/adapter_model.safetensors";
    std::vector<gpt::TensorToWrite> tensors;
    const auto old = gpt::open_weights(file);
    std::vector<std::vector<float>> kept;
    for (const gpt::StoredTensor& tensor : old->tensors()) {
      auto& values = kept.emplace_back(static_cast<std::size_t>(tensor.elements()));
      gpt::read_f32(tensor, 0, values);
    }
    const std::vector<float> more(16, 1.0F);
    for (std::size_t i = 0; i < kept.size(); ++i)
      tensors.push_back({old->tensors()[i].name, gpt::StoredType::f32, old->tensors()[i].shape, kept[i].data()});
    tensors.push_back({name, gpt::StoredType::f32, {4, 4}, more.data()});
    gpt::write_safetensors(work.scratch / "new.safetensors", tensors);
    std::filesystem::rename(work.scratch / "new.safetensors", file);
  };
  const auto refused = [&](const std::string& message) {
    const auto outcome = run_gptask(merge(work));
    INFO(outcome.err);
    CHECK(outcome.code == 1);
    CHECK(outcome.err.find(message) != std::string::npos);
    CHECK_FALSE(work.exists("merged"));
  };
  write_peft(work, "CAUSAL_LM", nullptr);
  add("base_model.model.model.layers.7.mlp.up_proj.lora_A.weight");
  refused("layers.7.mlp.up_proj.lora_A.weight is for something that is no projection of the base");
  write_peft(work, "CAUSAL_LM", nullptr);
  add("base_model.model.lm_head.weight");
  refused("brings a weight of the decoder itself, base_model.model.lm_head.weight");
  write_peft(work, "SEQ_CLS", nullptr);
  refused("has the head of a model ForSequenceClassification");
  write_peft(work, "SEQ_2_SEQ_LM", nullptr);
  refused("task_type \"SEQ_2_SEQ_LM\" is not supported; CAUSAL_LM, SEQ_CLS and QUESTION_ANS are");
}

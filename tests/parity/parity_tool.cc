// What parity.py asks of our side. Token ids come on standard input, a sequence a line; results go out as JSON.
//   make FAMILY CLASS FOLDER SEED      a model from a seed, as a folder
//   adapter BASE CLASS FOLDER SEED     a LoRA adapter with a trained head on it
//   logits FOLDER CLASS [ADAPTER]      of each sequence
//   tokenizer FOLDER                   a token a byte
//   greedy MODEL COUNT                 continuations, and how far the best logit is from the second at each token
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <sstream>

#include "gpt/generate/generate.h"
#include "gpt/tensor/parallel.h"
#include "models.h"
#include "support/tiny_model.h"

using namespace gpt;
using namespace gpt::parity;

namespace {

using Json = nlohmann::json;

std::vector<Tokens> read_sequences() {
  std::vector<Tokens> all;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    Tokens& tokens = all.emplace_back();
    for (std::int32_t id = 0; words >> id;) tokens.push_back(id);
  }
  return all;
}

std::vector<Parameter*> weights_of(const std::unique_ptr<Head>& head) {
  return head ? head->parameters() : std::vector<Parameter*>();
}

void make(const std::string& family, const std::string& name, const std::string& folder, std::uint64_t seed) {
  const auto decoder = make_decoder(family, seed);
  const auto head = make_head(decoder->config(), name, seed);
  std::filesystem::create_directories(folder);
  save_model(*decoder, weights_of(head), folder, name, extra_of(name));
}

void adapter(const std::string& base, const std::string& name, const std::string& folder, std::uint64_t seed) {
  const auto decoder = Decoder::load(base);
  decoder->add_lora({4, 8, 0, {"all-linear"}}, seed);
  Random random(seed + 4);
  for (Parameter* p : decoder->parameters())
    if (p->name.find(".lora_B") != std::string::npos)
      for (float& value : p->value.values()) value = 0.1F * random.normal();
  const auto head = make_head(decoder->config(), name, seed);
  std::filesystem::create_directories(folder);
  const char* task = name == "ForCausalLM" ? "CAUSAL_LM" : name == "ForQuestionAnswering" ? "QUESTION_ANS" : "SEQ_CLS";
  save_adapter(*decoder, weights_of(head), folder, base, task);
}

Json all_logits(const std::string& folder, const std::string& name, const std::string& adapter_folder) {
  const auto decoder = Decoder::load(folder);
  const auto head = make_head(decoder->config(), name, 0);
  if (!adapter_folder.empty())
    load_adapter(*decoder, adapter_folder, weights_of(head));
  else if (head)
    load_head(weights_of(head), folder);
  Json out = Json::array();
  for (const Tokens& tokens : read_sequences()) out.push_back(logits(*decoder, head.get(), tokens));
  return out;
}

/// The best logit less the second best of each row from `first`.
std::vector<float> margins(const std::vector<std::vector<float>>& rows, std::size_t first) {
  std::vector<float> out;
  for (std::size_t i = first; i < rows.size(); ++i) {
    float best = -1e30F, second = best;
    for (const float value : rows[i]) {
      second = std::max(second, std::min(best, value));
      best = std::max(best, value);
    }
    out.push_back(best - second);
  }
  return out;
}

Json greedy(const std::string& model, std::int32_t count, Threads& threads) {
  const auto decoder = Decoder::load(model);
  const auto prompts = read_sequences();
  GenerateOptions options;
  options.max_new_tokens = count;
  options.eos_token_id = Tokens();
  Json out = Json::array();
  const auto found = generate(*decoder, prompts, options, threads);
  threads.run([&] {
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      Tokens whole = prompts[i];
      whole.insert(whole.end(), found[i].tokens.begin(), found[i].tokens.end());
      const auto rows = logits(*decoder, nullptr, whole);
      auto gaps = margins(rows, prompts[i].size() - 1);
      gaps.pop_back();
      out.push_back({{"tokens", found[i].tokens}, {"margins", gaps}, {"logits", rows[prompts[i].size() - 1]}});
    }
  });
  return out;
}

int run(const std::vector<std::string>& a) {
  Threads threads;
  const std::string command = a.empty() ? "" : a[0];
  const auto number = [&](std::size_t i) { return std::stoul(a.at(i)); };
  if (command == "make") threads.run([&] { make(a.at(1), a.at(2), a.at(3), number(4)); });
  if (command == "tokenizer") test::write_tiny_tokenizer(a.at(1));
  if (command == "adapter") threads.run([&] { adapter(a.at(1), a.at(2), a.at(3), number(4)); });
  if (command == "logits")
    threads.run([&] { std::cout << all_logits(a.at(1), a.at(2), a.size() > 3 ? a[3] : "").dump() << '\n'; });
  if (command == "greedy") std::cout << greedy(a.at(1), static_cast<std::int32_t>(number(2)), threads).dump() << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "parity_tool: %s\n", error.what());
    return 1;
  }
}

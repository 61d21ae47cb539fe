// Models from a seed against numbers that parity.py took from Transformers and llama.cpp.
#include <filesystem>
#include <map>

#include "gpt/generate/generate.h"
#include "gpt/io/atomic_file.h"
#include "gpt/io/json.h"
#include "gpt/model/convert.h"
#include "gpt/tensor/parallel.h"
#include "parity/models.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace gpt;
using namespace gpt::parity;
namespace fs = std::filesystem;

namespace {

/// By family; those of families that were compared with other programs.
std::map<std::string, nlohmann::json> fixtures() {
  std::map<std::string, nlohmann::json> all;
  for (const auto& entry : fs::directory_iterator(fs::path(GPTASK_SOURCE_DIR) / "tests" / "parity" / "fixtures"))
    all[entry.path().stem().string()] = read_json_file(entry.path());
  REQUIRE(!all.empty());
  return all;
}

/// Values of some rows: 1e-4.
void check_rows(const nlohmann::json& expected, const std::vector<std::vector<float>>& rows) {
  for (const auto& row : expected) {
    const auto values = row.at("values").get<std::vector<double>>();
    const auto& found = rows.at(row.at("row").get<std::size_t>());
    for (std::size_t i = 0; i < values.size(); ++i)
      CHECK(static_cast<double>(found.at(i)) == Approx(values[i]).margin(1e-4));
  }
}

}  // namespace

TEST_CASE("parity: folders give the logits they give in Transformers") {
  for (const auto& [family, expected] : fixtures()) {
    const auto seed = expected.at("seed").get<std::uint64_t>();
    const auto inputs = expected.at("inputs").get<std::vector<Tokens>>();
    for (const std::string& name : classes()) {
      INFO(family << ' ' << name);
      const test::TemporaryFolder folder;
      const auto made = make_head(config_of(family), name, seed), head = make_head(config_of(family), name, 0);
      const auto weights = [](const std::unique_ptr<Head>& h) {
        return h ? h->parameters() : std::vector<Parameter*>();
      };
      save_model(*make_decoder(family, seed), weights(made), folder.path(), name, extra_of(name));
      const auto decoder = Decoder::load(folder.path());
      if (head) load_head(weights(head), folder.path());
      for (std::size_t i = 0; i < inputs.size(); ++i)
        check_rows(expected.at("logits").at(name).at(i), logits(*decoder, head.get(), inputs[i]));
    }
  }
}

TEST_CASE("parity: GGUF files continue as in llama.cpp") {
  Threads threads(2);
  for (const auto& [family, expected] : fixtures()) {
    INFO(family);
    if (!expected.contains("greedy")) continue;
    const test::TemporaryFolder folder;
    save_model(*make_decoder(family, expected.at("seed").get<std::uint64_t>()), {}, folder.path(), "ForCausalLM");
    AtomicFile file(folder / "a.gguf");
    convert_to_gguf(folder.path(), {StoredType::f32, false}, file);
    file.commit();
    GenerateOptions options;
    options.max_new_tokens = 12;
    options.eos_token_id = Tokens();
    const auto found = generate(*Decoder::load(folder / "a.gguf"), expected.at("prompts").get<std::vector<Tokens>>(),
                                options, threads);
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i].tokens == expected.at("greedy").at(i).get<Tokens>());
  }
}

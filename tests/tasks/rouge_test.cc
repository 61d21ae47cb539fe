#include "gptask/toolkit/rouge.h"

#include <array>

#include "support/errors.h"
#include "support/paths.h"
#include "tasks/reference_json.h"

namespace {

using gpt::test::check_near;
using gptask::RougeScore;
using gptask::RougeScores;
using Json = nlohmann::json;

struct Kind {
  const char* name;
  RougeScore RougeScores::*score;
};
constexpr std::array<Kind, 4> kinds = {{{"rouge1", &RougeScores::rouge1},
                                        {"rouge2", &RougeScores::rouge2},
                                        {"rougeL", &RougeScores::rouge_l},
                                        {"rougeLsum", &RougeScores::rouge_lsum}}};

void check(const RougeScores& scores, const Json& expected) {
  for (const Kind& kind : kinds) {
    if (!expected.contains(kind.name)) continue;
    INFO(kind.name);
    const RougeScore& score = scores.*kind.score;
    check_near(score.precision, expected.at(kind.name).at("p"));
    check_near(score.recall, expected.at(kind.name).at("r"));
    check_near(score.f, expected.at(kind.name).at("f"));
  }
}

}  // namespace

TEST_CASE("ROUGE agrees with rouge-score") {
  GPT_NEED(reference, gpt::test::reference());
  const Json cases = gpt::test::json_of(reference / "metrics" / "summarization.json");
  CHECK(cases.size() >= 10);
  for (const auto& one : cases)
    for (const bool stem : {false, true})
      for (const Kind& kind : kinds) {
        INFO(kind.name << (stem ? " stemmed" : ""));
        const Json& expected = one.at("scores").at(stem ? "stemmed" : "plain").at(kind.name);
        double precision = 0, recall = 0, f = 0;
        const auto count = one.at("references").size();
        for (std::size_t i = 0; i < count; ++i) {
          const RougeScore score = gptask::rouge(one.at("references")[i].get<std::string>(),
                                                 one.at("predictions")[i].get<std::string>(), stem).*
                                   kind.score;
          precision += score.precision;
          recall += score.recall;
          f += score.f;
          check_near(score.f, expected.at("per_example_fmeasure")[i]);
        }
        check_near(precision / static_cast<double>(count), expected.at("precision"));
        check_near(recall / static_cast<double>(count), expected.at("recall"));
        check_near(f / static_cast<double>(count), expected.at("fmeasure"));
      }
}

TEST_CASE("the cases of rouge-score's own tests") {
  GPT_NEED(data, gpt::test::data());
  const auto folder = data / "rouge_vectors";
  const Json cases = gpt::test::json_of(folder / "expected.json");
  for (const auto& one : cases.at("small"))
    for (const bool stem : {false, true})
      check(gptask::rouge(one.at("target").get<std::string>(), one.at("prediction").get<std::string>(), stem),
            one.at(stem ? "stem" : "nostem"));
  const auto targets = gpt::test::lines_of(folder / "target.txt"),
             predictions = gpt::test::lines_of(folder / "prediction.txt");
  for (const auto& one : cases.at("official")) {
    const std::string name = one.at("case");
    INFO(name);
    const bool stem = one.at("stem");
    const Json& expected = one.at("rouge_score_0.1.2");
    if (name == "multi.0") {
      check(gptask::rouge(gpt::test::text_of(folder / "target_multi.0.txt"),
                          gpt::test::text_of(folder / "prediction_multi.0.txt"), stem),
            expected);
    } else {
      const std::size_t line = name == "line0" ? 0 : 1;
      check(gptask::rouge(targets.at(line), predictions.at(line), stem), expected);
    }
  }
}

TEST_CASE("the baseline of DialogSum, with one and with the best of three references") {
  GPT_NEED(data, gpt::test::data());
  const auto predictions = gpt::test::lines_of(data / "dialogsum" / "baseline_test_output.txt.gz");
  const auto rows = gpt::test::lines_of(data / "dialogsum" / "dialogsum.test.jsonl.gz");
  REQUIRE(predictions.size() == rows.size());
  const Json all = gpt::test::json_of(data / "rouge_vectors" / "expected.json").at("dialogsum_baseline_mean_f1");
  for (const bool stem : {false, true}) {
    const Json& expected = all.at(stem ? "stem" : "nostem");
    std::array<double, 4> first{}, best{};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Json row = Json::parse(rows[i]);
      const std::vector<std::string> summaries = {row.at("summary1"), row.at("summary2"), row.at("summary3")};
      const RougeScores of_first = gptask::rouge(summaries[0], predictions[i], stem);
      const RougeScores of_best = gptask::rouge(summaries, predictions[i], stem);
      for (std::size_t k = 0; k < kinds.size(); ++k) {
        first[k] += (of_first.*kinds[k].score).f / static_cast<double>(rows.size());
        best[k] += (of_best.*kinds[k].score).f / static_cast<double>(rows.size());
      }
    }
    for (std::size_t k = 0; k < kinds.size(); ++k) {
      check_near(first[k], expected.at("summary1").at(kinds[k].name));
      check_near(best[k], expected.at("max3").at(kinds[k].name));
    }
  }
}

TEST_CASE("Porter's stemmer with the deviations of NLTK") {
  const std::array<std::array<const char*, 2>, 40> cases = {{
      {"caresses", "caress"},
      {"ponies", "poni"},
      {"ties", "tie"},
      {"cats", "cat"},
      {"feed", "feed"},
      {"agreed", "agre"},
      {"plastered", "plaster"},
      {"bled", "bled"},
      {"motoring", "motor"},
      {"sing", "sing"},
      {"conflated", "conflat"},
      {"sized", "size"},
      {"hopping", "hop"},
      {"falling", "fall"},
      {"hissing", "hiss"},
      {"failing", "fail"},
      {"filing", "file"},
      {"happy", "happi"},
      {"enjoy", "enjoy"},
      {"by", "by"},
      {"relational", "relat"},
      {"conditional", "condit"},
      {"geology", "geolog"},
      {"theology", "theolog"},
      {"hopefully", "hope"},
      {"formality", "formal"},
      {"electrical", "electr"},
      {"goodness", "good"},
      {"replacement", "replac"},
      {"adoption", "adopt"},
      {"controlling", "control"},
      {"roll", "roll"},
      {"skies", "sky"},
      {"dying", "die"},
      {"died", "die"},
      {"spied", "spi"},
      {"news", "news"},
      {"yyyy", "yyyi"},
      {"universities", "univers"},
      {"2nds", "2nd"},
  }};
  for (const auto& [word, stem] : cases) CHECK(gptask::porter_stem(word) == stem);
}

TEST_CASE("a summary without a reference is refused") {
  CHECK_ERROR(gptask::rouge(std::span<const std::string>(), "text", false), "mismatch", "a summary has no reference");
}

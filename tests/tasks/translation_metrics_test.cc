#include "gptask/toolkit/bleu.h"
#include "gptask/toolkit/chrf.h"
#include "gptask/toolkit/ter.h"
#include "support/errors.h"
#include "support/paths.h"
#include "tasks/reference_json.h"

namespace {

using gpt::test::by_segment;
using gpt::test::check_near;
using gptask::Bleu;
using gptask::BleuOptions;
using gptask::Chrf;
using gptask::References;
using gptask::Ter;
using Json = nlohmann::json;
using Texts = std::vector<std::string>;

BleuOptions bleu_options(const Json& args) {
  BleuOptions options;
  options.tokenizer = gptask::parse_bleu_tokenizer(args.value("tokenize", "13a"));
  options.smoothing = gptask::parse_smoothing(args.value("smooth_method", "exp"));
  if (args.contains("smooth_value") && args["smooth_value"].is_number()) options.smooth_value = args["smooth_value"];
  options.lowercase = args.value("lowercase", false);
  options.effective_order = args.value("effective_order", false);
  options.max_order = args.value("max_ngram_order", 4);
  return options;
}

void check_bleu(const Json& scores, const Texts& hypotheses, const References& references) {
  for (const std::string tokenizer : {"13a", "intl", "zh", "char", "none"}) {
    INFO(tokenizer);
    const Json& expected = scores.at("bleu." + tokenizer);
    const Bleu bleu(bleu_options({{"tokenize", tokenizer}}));
    const auto score = bleu.corpus(hypotheses, references);
    check_near(score.score, expected.at("score"));
    for (std::size_t n = 0; n < 4; ++n) check_near(score.precisions[n], expected.at("precisions")[n]);
    check_near(score.brevity_penalty, expected.at("bp"));
    check_near(score.hypothesis_length, expected.at("sys_len"));
    check_near(score.reference_length, expected.at("ref_len"));
    CHECK(bleu.signature(references) == expected.at("signature"));
  }
  check_near(Bleu(bleu_options({{"lowercase", true}})).corpus(hypotheses, references).score,
             scores.at("bleu.lowercase").at("score"));
  const Bleu sentence(bleu_options({{"effective_order", true}}));
  for (std::size_t i = 0; i < hypotheses.size(); ++i)
    check_near(sentence.sentence(hypotheses[i], references[i]).score, scores.at("bleu.sentence")[i]);
}

template <typename Metric>
void check(const Metric& metric, const Json& expected, const Texts& hypotheses, const References& references) {
  check_near(metric.corpus(hypotheses, references), expected.at("score"));
  CHECK(metric.signature(references) == expected.at("signature"));
}

}  // namespace

TEST_CASE("BLEU, chrF and TER agree with sacrebleu") {
  GPT_NEED(reference, gpt::test::reference());
  const Json cases = gpt::test::json_of(reference / "metrics" / "translation.json");
  CHECK(cases.size() >= 12);
  for (const auto& one : cases) {
    const Texts hypotheses = one.at("hypotheses");
    const References references = by_segment(one.at("references"));
    check_bleu(one.at("scores"), hypotheses, references);
    check(Chrf(), one.at("scores").at("chrf"), hypotheses, references);
    check(Chrf({.word_order = 2}), one.at("scores").at("chrf++"), hypotheses, references);
    check(Ter(), one.at("scores").at("ter"), hypotheses, references);
  }
}

TEST_CASE("the cases of sacrebleu's own tests") {
  GPT_NEED(data, gpt::test::data());
  const Json cases = gpt::test::json_of(data / "sacrebleu_vectors" / "expected.json");
  for (const auto& one : cases.at("corpus_bleu"))
    check_near(Bleu(bleu_options(one.at("args"))).corpus(one.at("hyps").get<Texts>(), by_segment(one.at("refs"))).score,
               one.at("expected"));
  for (const auto& one : cases.at("sentence_bleu"))
    check_near(Bleu(bleu_options(one)).sentence(one.at("hyp").get<std::string>(), one.at("refs").get<Texts>()).score,
               one.at("expected"));
  for (const auto& one : cases.at("chrf")) {
    const Texts hypotheses = one.at("hyps");
    const References references = by_segment(one.at("refs"));
    check_near(Chrf().corpus(hypotheses, references), one.at("chrF2"));
    check_near(Chrf({.word_order = 2}).corpus(hypotheses, references), one.at("chrF2++"));
    check_near(Chrf({.beta = 3, .eps_smoothing = true}).corpus(hypotheses, references), one.at("chrF3_eps"));
    check_near(Chrf({.lowercase = true}).corpus(hypotheses, references), one.at("chrF2_lower"));
  }
  for (const auto& one : cases.at("ter"))
    check_near(Ter().corpus(one.at("hyps").get<Texts>(), by_segment(one.at("refs"))), one.at("expected"));
}

TEST_CASE("systems of WMT 2017") {
  GPT_NEED(data, gpt::test::data());
  const auto folder = data / "sacrebleu_vectors";
  References references;
  for (const std::string& line : gpt::test::lines_of(folder / "wmt17" / "ref.de.txt.gz")) references.push_back({line});
  const Json cases = gpt::test::json_of(folder / "expected.json").at("wmt17");
  for (const auto& [name, expected] : cases.items()) {
    INFO(name);
    const Texts system = gpt::test::lines_of(folder / "wmt17" / (name + ".txt.gz"));
    const auto plain = Bleu(bleu_options({{"tokenize", "none"}})).corpus(system, references);
    check_near(plain.score, expected.at("bleu_none"));
    check_near(plain.precisions[3], expected.at("precisions")[3]);
    check_near(Bleu().corpus(system, references).score, expected.at("bleu_13a"));
    check_near(Bleu(bleu_options({{"lowercase", true}})).corpus(system, references).score, expected.at("bleu_13a_lc"));
    check_near(Chrf().corpus(system, references), expected.at("chrF2"));
    check_near(Chrf({.word_order = 2}).corpus(system, references), expected.at("chrF2pp"));
    check_near(Ter().corpus(std::span(system).first(200), References(references.begin(), references.begin() + 200)),
               expected.at("ter_first200"));
  }
}

TEST_CASE("signatures name what differs from the defaults") {
  const References one = {{"a"}}, uneven = {{"a"}, {"a", "b"}};
  CHECK(Bleu(bleu_options({{"smooth_method", "floor"}, {"lowercase", true}, {"effective_order", true}}))
            .signature(uneven) == "nrefs:var|case:lc|eff:yes|tok:13a|smooth:floor[0.10]|version:2.6.0");
  CHECK(Bleu(bleu_options({{"smooth_method", "add-k"}, {"smooth_value", 2}})).signature(one) ==
        "nrefs:1|case:mixed|eff:no|tok:13a|smooth:add-k[2.00]|version:2.6.0");
  CHECK(Chrf({.lowercase = true, .whitespace = true, .eps_smoothing = true}).signature(one) ==
        "nrefs:1|case:lc|eff:no|nc:6|nw:0|space:yes|version:2.6.0");
  CHECK(Ter({.normalized = true, .no_punct = true, .asian_support = true, .case_sensitive = true}).signature(one) ==
        "nrefs:1|case:mixed|tok:tercom|norm:yes|punct:no|asian:yes|version:2.6.0");
}

TEST_CASE("what cannot be scored is refused") {
  const Texts none, one = {"a"};
  CHECK_ERROR(Bleu().corpus(one, {}), "mismatch", "1 hypotheses but 0 references");
  CHECK_ERROR(Ter().corpus(none, {}), "mismatch", "nothing to score");
  CHECK_ERROR(Chrf().sentence("a", none), "mismatch", "a segment has no reference");
  CHECK_ERROR(gptask::parse_bleu_tokenizer("13b"), "invalid_option",
              "--tokenize 13b: choose one of 13a, intl, zh, char, none");
  CHECK_ERROR(gptask::parse_smoothing("add"), "invalid_option",
              "--smooth_method add: choose one of none, floor, add-k, exp");
  CHECK_ERROR(Bleu({.max_order = 0}), "invalid_option", "n-grams up to 0");
  CHECK_ERROR(Chrf({.char_order = 0}), "invalid_option", "0 character and 0 word orders");
  CHECK_ERROR(Chrf({.beta = 0}), "invalid_option", "beta is 0");
}

#include "gptask/toolkit/predictions.h"

#include "gptask/toolkit/sentences.h"
#include "support/errors.h"
#include "support/paths.h"
#include "support/temporary_folder.h"
#include "tasks/reference_json.h"

namespace {

using gpt::test::contains;
using gpt::test::put;
using gptask::EvaluationTable;
using gptask::PredictionRequest;
using gptask::SystemScores;

struct Files {
  gpt::test::TemporaryFolder folder;
  PredictionRequest request;

  Files(const std::string& task, const std::string& predictions, const std::string& references,
        const std::string& ending = ".txt") {
    request.task = task;
    request.predictions = {file("predictions" + ending, predictions)};
    request.references = {file("references" + ending, references)};
    request.bootstrap.samples = 50;
  }
  std::filesystem::path file(const std::string& name, const std::string& content) const {
    put(folder / name, content);
    return folder / name;
  }
  EvaluationTable run() const {
    gptask::Observer observer;
    return gptask::evaluate_predictions(request, observer);
  }
};

double value(const SystemScores& scores, const std::string& name) { return scores.metrics.at(name).get<double>(); }

}  // namespace

TEST_CASE("labels a line, with the majority and intervals beside") {
  const Files files("sentiment", "good\nbad\n good \nbad\n", "good\ngood\ngood\nbad\n");
  const EvaluationTable table = files.run();
  REQUIRE(table.systems.size() == 2);
  CHECK(table.systems[0].rows == 4);
  CHECK(value(table.systems[0], "accuracy") == 0.75);
  CHECK(table.systems[0].intervals.at("accuracy").size() == 2);
  CHECK(table.systems[1].baseline);
  CHECK(table.systems[1].system == "always \"good\", the most frequent in the references");
  CHECK(value(table.systems[1], "accuracy") == 0.75);
  CHECK(table.comparisons.empty());
}

TEST_CASE("what run_glue.py writes, tables by id, several systems and a column of scores") {
  Files files("classification", "index\tprediction\n0\t1\n1\t0\n2\t1\n", "label\n1\n0\n0\n", ".txt");
  files.request.references = {files.file("references.csv", "text,label\na,1\nb,0\nc,0\n")};
  CHECK(value(files.run().systems[0], "f1") == Approx(2.0 / 3));

  files.request.id_column = "id";
  files.request.score_column = "p";
  files.request.references = {files.file("r.jsonl", R"({"id": "x", "label": 1})"
                                                    "\n"
                                                    R"({"id": "y", "label": 0})"
                                                    "\n")};
  files.request.predictions = {
      files.file("one.tsv", "id\tprediction\tp\ny\t0\t0.1\nx\t1\t0.9\nz\t1\t0.5\n"),
      files.file("two.tsv", "id\tprediction\tp\ny\t1\t0.9\nx\t1\t0.2\n"),
  };
  const EvaluationTable table = files.run();
  CHECK(value(table.systems[0], "accuracy") == 1);
  CHECK(value(table.systems[0], "roc_auc") == 1);
  CHECK(value(table.systems[1], "roc_auc") == 0);
  REQUIRE(table.comparisons.size() == 1);
  CHECK(table.comparisons[0].metrics.at("accuracy").at("difference") == -0.5);
}

TEST_CASE("several labels, numbers and choices") {
  Files several("multi-label", "a,b\n\na\n", "a\n\nb , a\n");
  CHECK(value(several.run().systems[0], "f1_micro") == Approx(2 * 2.0 / 6));
  Files lists("multi-label", "{\"labels\": [\"a\", \"b\"]}\n", "{\"labels\": [\"a\"]}\n", ".jsonl");
  CHECK(value(lists.run().systems[0], "f1_micro") == Approx(2.0 / 3));
  Files numbers("regression", "1\n2.5\n3\n", "1\n2\n3\n");
  CHECK(value(numbers.run().systems[0], "mse") == Approx(0.25 / 3));
  CHECK(numbers.run().systems[1].system == "always 2, the mean of the references");
  Files choices("multiple-choice", "A\nB\n", "A\nC\n");
  CHECK(value(choices.run().systems[0], "accuracy") == 0.5);
}

TEST_CASE("summaries: several references, line ends within, the beginning of the source") {
  Files files("summarization", "one two\\nthree\nfour\n", "", ".txt");
  files.request.unescape = true;
  files.request.references = {files.file("r.jsonl",
                                         R"({"s1": "one two\nthree", "s2": "x", "dialogue": "Four. b? c! d."})"
                                         "\n"
                                         R"({"s1": "y", "s2": "four five", "dialogue": "Four."})"
                                         "\n")};
  files.request.reference_columns = {"s1", "s2"};
  const EvaluationTable table = files.run();  // the references' file has the sources too
  CHECK(value(table.systems[0], "rougeLsum") == Approx(50 + 100.0 / 3));
  REQUIRE(table.systems.size() == 3);
  CHECK(table.systems[1].system == "the first three sentences of the source");
  CHECK(value(table.systems[1], "rouge1") == Approx(100.0 / 3));
  CHECK(table.systems[2].system == "the source itself");
  CHECK(gptask::lead("One.  \"Two!\" Three...\nFour", 3) == "One.\n\"Two!\"\nThree...");
  CHECK(gptask::lead(" 3.5 of it", 1) == "3.5 of it");
  CHECK(gptask::lead("", 3).empty());
}

TEST_CASE("translations: references in several files, signatures") {
  Files files("translation", "the cat sat on the mat\n\n", "the cat sat on a mat\nb\n");
  files.request.references.push_back(files.file("second.txt", "the cat sat on the mat\nc\n"));
  const EvaluationTable table = files.run();
  CHECK(value(table.systems[0], "ter") == Approx(100.0 / 7));
  CHECK(table.notes.at("bleu") == "nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0");
  CHECK(table.systems.size() == 1);

  files.request.references = {files.file("newstest.de", "the cat sat on a mat\nb\n")};  // lines, whatever their name
  files.request.source = files.file("newstest.en", "the cat sat on a mat\nb\n");
  CHECK(value(files.run().systems.at(1), "bleu") == Approx(100));
}

TEST_CASE("published predictions on SQuAD, compared with one another") {
  GPT_NEED(data, gpt::test::data());
  PredictionRequest request;
  request.task = "qa";
  request.references = {data / "squad11" / "dev-v1.1.json.zst"};
  const auto cases = data / "squad11" / "eval_cases";
  request.predictions = {cases / "pred_Logistic_Regression_Baseline_Stanford_University_json.json.gz",
                         cases / "pred_BERT_ensemble_Google_AI_Language_json.json.gz"};
  request.bootstrap.samples = request.paired.samples = 20;
  gptask::Observer observer;
  const EvaluationTable table = gptask::evaluate_predictions(request, observer);
  CHECK(value(table.systems[0], "exact_match") == Approx(40.14191106906338));
  CHECK(value(table.systems[1], "f1") == Approx(92.19557978351129));
  CHECK(table.systems[2].system == "the first sentence of the passage");
  CHECK(table.comparisons.at(0).metrics.at("f1").at("interval")[0] > 40);
}

TEST_CASE("SQuAD 2.0 with scores that there is no answer") {
  Files files("qa", R"({"a": "x", "b": "y"})",
              R"({"version": "v2.0", "data": [{"paragraphs": [{"context": "x", "qas": [
                 {"id": "a", "answers": [{"text": "x"}]}, {"id": "b", "answers": []}]}]}]})",
              ".json");
  const EvaluationTable plain = files.run();
  CHECK(value(plain.systems[0], "exact") == 50);
  CHECK(value(plain.systems[0], "NoAns_exact") == 0);
  CHECK(value(plain.systems[1], "exact") == 50);
  files.request.no_answer_files = {files.file("odds.json", R"({"a": -3.5, "b": 2})")};
  const EvaluationTable scored = files.run();
  CHECK(value(scored.systems[0], "exact") == 100);
  CHECK(value(scored.systems[0], "best_exact_thresh") == -3.5);

  Files lines("qa", R"([{"id": "a", "prediction_text": "x"}])", "{}", ".json");
  CHECK_ERROR(lines.run(), "malformed", "there is no \"data\"; is it a file of SQuAD?");
  lines.request.references = {lines.file("r.jsonl",
                                         "{\"id\": \"a\", \"answers\": {\"text\": [\"x\", \"y\"]}}\n\n"
                                         "{\"id\": \"b\", \"answers\": {\"text\": [\"z\"]}}\n")};
  CHECK(value(lines.run().systems[0], "exact_match") == 50);
}

TEST_CASE("the table is written as text, CSV, JSON and HTML, with an example a line") {
  Files files("classification", "a\n<b>\n", "a\na\n");
  files.request.output_dir = files.folder / "out";
  const EvaluationTable table = files.run();
  const auto read = [&](const char* name) { return gpt::test::get(files.folder / "out" / name); };
  CHECK(read("evaluation.txt") == gptask::table_text(table));
  CHECK(contains(read("evaluation.txt"), "accuracy"));
  CHECK(contains(read("evaluation.txt"), "0.5000 [0.0000, 1.0000]"));
  CHECK(contains(read("evaluation.csv"), ",no,2,accuracy,0.5,0.0,1.0\n"));
  CHECK(
      contains(read("evaluation.csv"), "\"always \"\"a\"\", the most frequent in the references\",yes,2,accuracy,1.0"));
  CHECK(nlohmann::json::parse(read("evaluation.json")).at("systems")[0].at("metrics").at("accuracy") == 0.5);
  CHECK(contains(read("report.html"), "trivial answer"));
  CHECK_FALSE(contains(read("report.html"), "<b>"));
  CHECK(nlohmann::json::parse(gpt::test::lines_of(files.folder / "out" / "examples.jsonl").at(1)) ==
        nlohmann::json({{"index", 1}, {"prediction", "<b>"}, {"truth", "a"}, {"correct", false}}));
  CHECK_ERROR(files.run(), "invalid_option", "holds another run; --overwrite_output_dir replaces it");
  files.request.overwrite = true;
  CHECK(files.run().systems.size() == 2);
}

TEST_CASE("what does not fit together is refused") {
  CHECK_ERROR(Files("keywords", "a\n", "a\n").run(), "invalid_option",
              "predictions of \"keywords\" cannot be scored without a model; there are classification");
  Files none("qa", "", "");
  none.request.predictions.clear();
  CHECK_ERROR(none.run(), "invalid_option", "--predictions is needed");
  CHECK_ERROR(Files("sentiment", "a\n", "a\nb\n").run(), "mismatch", "has 1 rows and ");
  Files two("sentiment", "a\n", "a\n");
  two.request.references.push_back(two.request.references[0]);
  CHECK_ERROR(two.run(), "invalid_option", "sentiment takes one file, not 2");
  CHECK_ERROR(Files("sentiment", "x,y\n1,2\n", "label\n1\n", ".csv").run(), "not_found", "which column is meant?");
  CHECK_ERROR(Files("regression", "a\n", "1\n").run(), "malformed", "row 1: \"a\" is no number");
  CHECK_ERROR(Files("multi-label", "\n", "\n").run(), "malformed", "no row has a label");
  Files by_id("sentiment", "id,label\n1,a\n1,a\n", "id,label\n2,a\n", ".csv");
  by_id.request.id_column = "id";
  CHECK_ERROR(by_id.run(), "mismatch", "the id \"1\" occurs twice");
  by_id.file("predictions.csv", "id,label\n1,a\n");
  CHECK_ERROR(by_id.run(), "mismatch", "has nothing for the id \"2\" of ");
  by_id.request.bootstrap.samples = -1;
  CHECK_ERROR(by_id.run(), "invalid_option", "--bootstrap_samples must be 0 or more, not -1");
  Files scores("sentiment", "prediction,p\na,1\nb,1\nc,1\n", "label\na\nb\nc\n", ".csv");
  scores.request.score_column = "p";
  CHECK_ERROR(scores.run(), "invalid_option", "--score_column is for two labels; there are 3: a, b, c");
}

TEST_CASE("files of SQuAD that are none are refused") {
  const auto references =
      R"({"data": [{"paragraphs": [{"context": "c", "qas": [{"id": "q", "answers": [{"text": "c"}]}]}]}]})";
  CHECK_ERROR(Files("qa", "{}", "{\"data\": 1}", ".json").run(), "malformed", "\"data\" is number, not a list");
  CHECK_ERROR(Files("qa", "{}", "{\"data\": []}", ".json").run(), "malformed", "there is no question");
  CHECK_ERROR(Files("qa", "{}", R"({"data": [{"paragraphs": [{"context": "c", "qas": [{"id": 7}]}]}]})", ".json").run(),
              "malformed", "article 1: \"id\" is number, not a text");
  CHECK_ERROR(Files("qa", "7", references, ".json").run(), "malformed", "an object of ids and answers is needed");
  CHECK_ERROR(Files("qa", R"({"q": 7})", references, ".json").run(), "malformed",
              "the answer to \"q\" is number, not a text");
  Files version2("qa", "{}", references, ".json");
  version2.request.version2 = true;
  CHECK_ERROR(version2.run(), "mismatch", "has nothing for the question \"q\" of ");
  version2.file("predictions.json", R"({"q": ""})");
  version2.request.no_answer_files = {version2.file("odds.json", "{}")};
  CHECK_ERROR(version2.run(), "mismatch", "has no number for the question \"q\"");
  version2.request.no_answer_files.push_back(version2.request.no_answer_files[0]);
  CHECK_ERROR(version2.run(), "invalid_option", "2 files for 1 files of predictions");
}

// gptask evaluate TASK --predictions: scores what any system answered.
#include <fmt/format.h>

#include "command.h"
#include "common_options.h"
#include "evaluate_options.h"
#include "gpt/core/error.h"
#include "gptask/toolkit/predictions.h"
#include "progress.h"
#include "result_output.h"
#include "signals.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;

const Usage usage = {
    "gptask evaluate TASK --predictions F... --references F... [OPTIONS]",
    "Scores predictions against references, without a model, and shows a table of all figures with their intervals; "
    "several files of predictions are compared with the first. TASK is classification, sentiment, multi-label, "
    "regression, qa (the JSON files of SQuAD), summarization, translation or multiple-choice. Files are lines, tables "
    "(csv, tsv) or JSON; row i of one belongs to row i of the other, or rows are matched by --id-column.",
    "gptask evaluate translation --predictions ours.txt theirs.txt --references test.de --source-file test.en"};

void declare_files(gpt::Options& options) {
  options.declare({"predictions", Kind::list, "", "files of answers, one a system"});
  options.declare({"references", Kind::list, "",
                   "the true answers; of summaries and translations also one file for each of several references"});
  options.declare({"source_file", Kind::text, "",
                   "what was summarized or translated, to score its beginning and a copy of it as trivial answers"});
  options.declare({"output_dir", Kind::text, "", "a folder for the table, the examples and report.html", {}, {"o"}});
  options.declare({"overwrite_output_dir", Kind::flag, "false", "replace the evaluation that the folder holds"});
  declare_read_options(options);
  options.declare({"prediction_column", Kind::text, "", "column of the predictions, by name or number"});
  options.declare({"reference_column",
                   Kind::list,
                   "",
                   "column of the references; several (a,b) where there are several",
                   {},
                   {"label_column"}});
  options.declare({"source_column", Kind::text, "", "column of the sources"});
  options.declare({"id_column", Kind::text, "", "column that tells which prediction belongs to which reference"});
  options.declare(
      {"score_column", Kind::text, "",
       "classification with two labels: column of the score of the second, for ROC AUC and average precision"});
  options.declare({"label_separator", Kind::text, ",", "multi-label: between the labels of a row"});
  options.declare(
      {"unescape", Kind::flag, "false", "\\n, \\t and \\\\ in texts stand for line end, tab and backslash"});
}

void declare_metrics(gpt::Options& options) {
  options.declare({"use_stemmer", Kind::flag, "true", "ROUGE of word stems (Porter)"});
  options.declare({"tokenize", Kind::text, "13a", "BLEU's tokens", {"13a", "intl", "zh", "char", "none"}, {"tok"}});
  options.declare({"lowercase", Kind::flag, "false", "BLEU and chrF without case"});
  options.declare({"smooth_method", Kind::text, "exp", "BLEU's smoothing", {"none", "floor", "add-k", "exp"}});
  options.declare({"smooth_value", Kind::number, "0", "of floor and add-k; 0: 0.1 and 1"});
  options.declare(
      {"effective_order", Kind::flag, "false", "BLEU counts only the orders that texts are long enough for"});
  options.declare({"ter_normalized", Kind::flag, "false", "TER of Tercom's tokens"});
  options.declare({"ter_no_punct", Kind::flag, "false", "TER without punctuation"});
  options.declare({"ter_asian_support", Kind::flag, "false", "TER of Chinese and Japanese characters"});
  options.declare({"ter_case_sensitive", Kind::flag, "false", "TER with case"});
  options.declare({"version_2_with_negative", Kind::flag, "false", "score as SQuAD 2.0; by default the file tells"});
  options.declare({"na_prob_file",
                   Kind::list,
                   "",
                   "{id: score that there is no answer}, a file for each of --predictions",
                   {},
                   {"null_odds_file"}});
  options.declare({"na_prob_thresh",
                   Kind::number,
                   "1",
                   "a score above it means that there is no answer",
                   {},
                   {"null_score_diff_threshold"}});
}

template <typename Path>
std::vector<Path> paths(const gpt::Options& options, const char* name) {
  const std::vector<std::string> names = options.list(name);
  return {names.begin(), names.end()};
}

PredictionRequest request_from(const gpt::Options& options, const std::string& task) {
  using std::filesystem::path;
  PredictionRequest request;
  request.task = task;
  request.predictions = paths<path>(options, "predictions");
  request.references = paths<path>(options, "references");
  request.source = options.text("source_file");
  request.output_dir = options.text("output_dir");
  request.overwrite = options.flag("overwrite_output_dir");
  request.format = read_options(options);
  request.prediction_column = options.text("prediction_column");
  request.reference_columns = options.list("reference_column");
  request.source_column = options.text("source_column");
  request.id_column = options.text("id_column");
  request.score_column = options.text("score_column");
  request.label_separator = options.text("label_separator");
  request.unescape = options.flag("unescape");
  request.stem = options.flag("use_stemmer");
  BleuOptions& bleu = request.translation.bleu;
  bleu.tokenizer = parse_bleu_tokenizer(options.text("tokenize"));
  bleu.lowercase = request.translation.lowercase = options.flag("lowercase");
  bleu.smoothing = parse_smoothing(options.text("smooth_method"));
  if (options.number("smooth_value") != 0) bleu.smooth_value = options.number("smooth_value");
  bleu.effective_order = options.flag("effective_order");
  request.translation.ter = {options.flag("ter_normalized"), options.flag("ter_no_punct"),
                             options.flag("ter_asian_support"), options.flag("ter_case_sensitive")};
  if (options.given("version_2_with_negative")) request.version2 = options.flag("version_2_with_negative");
  request.no_answer_files = paths<path>(options, "na_prob_file");
  request.no_answer_threshold = options.number("na_prob_thresh");
  take_statistics(options, request.bootstrap, request.paired);
  return request;
}

}  // namespace

void declare_statistics(gpt::Options& options) {
  options.declare(
      {"bootstrap_samples", Kind::integer, "1000", "samples for the 95 % intervals; 0: none", {}, {"confidence_n"}});
  options.declare({"bootstrap_seed", Kind::integer, "12345", "of intervals and tests"});
  options.declare(
      {"paired_test", Kind::text, "bootstrap", "how two systems are compared", {"bootstrap", "randomization"}});
  options.declare({"paired_samples", Kind::integer, "0", "0: 1000 of the bootstrap, 10000 of the randomization"});
}

void take_statistics(const gpt::Options& options, BootstrapOptions& bootstrap, PairedOptions& paired) {
  bootstrap.samples = options.integer("bootstrap_samples");
  bootstrap.seed = paired.seed = static_cast<std::uint64_t>(options.integer("bootstrap_seed"));
  paired.test = parse_paired_test(options.text("paired_test"));
  paired.samples = options.integer("paired_samples");
}

int evaluate_predictions_command(Arguments& arguments) {
  gpt::Options options;
  declare_common(options);
  declare_files(options);
  declare_metrics(options);
  declare_statistics(options);
  const std::string task = arguments.leading();
  if (!parse_or_help(arguments, options, usage)) return 0;
  refuse_words(arguments, "options start with --", 1);
  const PredictionRequest request = request_from(options, task);
  catch_signals();
  Progress progress;
  const EvaluationTable table = evaluate_predictions(request, progress);
  if (options.flag("json")) {
    print_json(table_json(table));
  } else {
    fmt::print("{}", table_text(table));
    if (!request.output_dir.empty()) fmt::print("report: {}\n", (request.output_dir / "report.html").string());
  }
  return 0;
}

}  // namespace gptask::app

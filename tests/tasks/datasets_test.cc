// Real data sets with flags of docs/datasets.md: every row is read, every label counted.
#include <nlohmann/json.hpp>

#include "gptask/classification/task.h"
#include "support/catch.h"
#include "support/paths.h"
#include "tasks/word_tokenizer.h"

namespace {

using gpt::Purpose;
using Given = std::vector<std::pair<std::string, std::string>>;

struct Expected {
  std::string file;
  Given flags;
  std::size_t rows, labels;
  std::vector<std::int64_t> counts;  ///< of the labels in order; empty: not checked
};

void check(const std::filesystem::path& data, const Expected& expected) {
  INFO(expected.file);
  gptask::ClassificationTask task;
  gpt::Options options;
  task.declare_options(options);
  for (const auto& [name, value] : expected.flags) options.set(name, value);
  task.configure(options);
  const auto read = task.read(data / expected.file, {gpt::test::WordTokenizer(), 512, Purpose::train});
  CHECK(read->examples.size() == expected.rows);
  CHECK(read->skipped.empty());
  CHECK(task.labels().size() == expected.labels);
  const std::vector<std::int64_t> counts = task.state().at("label_counts");
  if (!expected.counts.empty()) CHECK(counts == expected.counts);
}

const Given label_first{{"label_column", "1"}, {"text_column", "2"}};

}  // namespace

TEST_CASE("sentiment data sets") {
  GPT_NEED(data, gpt::test::data());
  check(data, {"sst2/train.tsv.gz", {{"task_name", "sst2"}}, 67349, 2, {29780, 37569}});
  check(data, {"sst2/dev.tsv", {{"task_name", "sst2"}}, 872, 2, {428, 444}});
  check(data, {"sst2/test.tsv", {}, 1821, 2, {912, 909}});
  check(data, {"sst2/test-labeled.as-found.tsv", {}, 1821, 2, {917, 904}});  // CR LF
  check(data, {"sst2/sentences/stsa.binary.train.txt.gz", {{"format", "labeled"}}, 6920, 2, {3310, 3610}});
  check(data, {"mr/all.tsv.gz", label_first, 10662, 2, {5331, 5331}});
}

TEST_CASE("TweetEval") {
  GPT_NEED(data, gpt::test::data());
  check(data, {"tweeteval/emotion/train.tsv.gz", label_first, 3257, 4, {}});
  check(data, {"tweeteval/irony/train.tsv.gz", label_first, 2862, 2, {}});
  check(data, {"tweeteval/stance/climate/test.tsv", label_first, 169, 3, {}});
}

TEST_CASE("topic and question data sets") {
  GPT_NEED(data, gpt::test::data());
  check(data, {"trec/TREC.train.txt.gz", {{"format", "labeled"}}, 5452, 50, {}});
  check(data, {"trec/TREC.train.txt.gz",
               {{"format", "labeled"}, {"label_until", ":"}},
               5452,
               6,
               {86, 1162, 1250, 1223, 835, 896}});
  check(data, {"trec/TREC.test.txt", {{"format", "labeled"}, {"label_until", ":"}}, 500, 6, {9, 138, 94, 65, 81, 113}});
  check(data, {"agnews/small.train.tsv.gz", label_first, 4000, 4, {1020, 1006, 1020, 954}});
  check(data, {"agnews/test_official.csv.gz",
               {{"label_column", "1"}, {"text_column", "2,3"}},
               7600,
               4,
               {1900, 1900, 1900, 1900}});
}

TEST_CASE("GLUE data sets") {
  GPT_NEED(data, gpt::test::data());
  check(data, {"cola/train.tsv.gz", {{"task_name", "cola"}}, 8551, 2, {2528, 6023}});
  check(data, {"cola/dev.tsv", {{"task_name", "cola"}}, 1043, 2, {322, 721}});
  check(data, {"rte/train.tsv.gz", {{"task_name", "rte"}}, 2490, 2, {1249, 1241}});
  check(data, {"rte/dev.tsv", {}, 277, 2, {146, 131}});
  check(data, {"wnli/train.tsv.gz", {{"task_name", "wnli"}}, 635, 2, {}});
  check(data, {"mrpc/train.tsv.gz", {{"task_name", "mrpc"}}, 3576, 2, {}});
  check(data, {"stsb/sts-train.csv.gz",
               {{"task_name", "stsb"},
                {"format", "tsv"},
                {"label_column", "5"},
                {"text_column", "6"},
                {"text_pair_column", "7"},
                {"extra_columns", "drop"}},
               5749,
               1,
               {5749}});
  check(data, {"qnli/dev.tsv.gz", {{"task_name", "qnli"}}, 5463, 2, {2702, 2761}});
}

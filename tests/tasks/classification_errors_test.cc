// What classification says about files, options and states that do not fit.
#include <nlohmann/json.hpp>

#include "gpt/model/config.h"
#include "gptask/classification/task.h"
#include "gptask/sentiment/task.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"
#include "tasks/word_tokenizer.h"

namespace {

using gpt::Purpose;
using gpt::test::put;
using gpt::test::TemporaryFolder;
using gpt::test::WordTokenizer;
using gptask::ClassificationTask;
using Given = std::vector<std::pair<std::string, std::string>>;

void configure(ClassificationTask& task, const Given& given) {
  gpt::Options options;
  task.declare_options(options);
  for (const auto& [name, value] : given) options.set(name, value);
  task.configure(options);
}

/// A task that was trained on two rows labelled no and yes.
struct Trained {
  explicit Trained(const std::string& content = "text,label\na,no\nb,yes\n") {
    configure(task, {});
    read("train.csv", content, Purpose::train);
  }
  void read(const std::string& name, std::string_view content, Purpose purpose, std::int64_t max_tokens = 100) {
    put(folder / name, content);
    task.read(folder / name, {tokenizer, max_tokens, purpose});
  }

  TemporaryFolder folder;
  WordTokenizer tokenizer;
  ClassificationTask task;
};

void train(std::string_view content, const Given& given = {}, const std::string& name = "a.csv") {
  const TemporaryFolder folder;
  put(folder / name, content);
  ClassificationTask task;
  configure(task, given);
  task.read(folder / name, {WordTokenizer(), 100, Purpose::train});
}

}  // namespace

TEST_CASE("training files that teach nothing") {
  CHECK_ERROR(train("text,label\n"), "malformed", "a.csv has no rows");
  CHECK_ERROR(train("text,label\n,1\n,2\n"), "malformed", "a.csv has no rows with a text (2 are empty)");
  CHECK_ERROR(train("text,label\na,x\nb,x\n"), "malformed",
              "a.csv: every row has the label \"x\"; a classifier needs two labels");
  CHECK_ERROR(train("text,label\na,x\nb,\n"), "malformed",
              "a.csv, row 2 (line 3): the label (column \"label\") is empty");
  CHECK_ERROR(train("text,label\na,x\nb,\"y\nz\"\n"), "malformed",
              "row 2 (line 3): the label (column \"label\") has a tab or a line break");
  CHECK_ERROR(train("{\"text\": \"a\", \"label\": 1}\n{\"label\": 2}\n", {}, "a.jsonl"), "malformed",
              "a.jsonl, row 2 (line 2): the row has no \"text\"");
  CHECK_ERROR(train("{\"text\": \"a\", \"label\": 1}\n{\"text\": \"b\"}\n", {}, "a.jsonl"), "malformed",
              "row 2 (line 2): the row has no \"label\", where its label should be; give it one, leave the row out, or "
              "name another field with --label_column");
  CHECK_ERROR(train("{\"text\": \"a\", \"label\": 1}\n{\"text\": \"b\", \"label\": null}\n", {}, "a.jsonl"),
              "malformed", "row 2 (line 2): the row has no \"label\"");
  CHECK_ERROR(train("{\"text\": \"a\", \"label\": 1}\n{\"text\": \"b\", \"label\": \"\"}\n", {}, "a.jsonl"),
              "malformed", "row 2 (line 2): the label (column \"label\") is empty");
  CHECK_ERROR(train("__label__a x\nno label here\n", {}, "a.ft"), "malformed",
              "a.ft, row 2 (line 2): the line has no label; write __label__NAME in front of its text, or leave it out");
}

TEST_CASE("GLUE tasks that compare two texts need both") {
  const auto refused = [](const char* task, const char* columns, const std::string& words, const Given& more = {}) {
    INFO(task);
    Given given = {{"task_name", task}};
    given.insert(given.end(), more.begin(), more.end());
    CHECK_ERROR(train(std::string(columns) + "\na,1\nb,0\n", given), "not_found",
                std::string("a.csv: --task_name ") + task + " compares two texts, and " + words);
  };
  for (const char* task : {"mrpc", "stsb", "rte", "wnli"})
    refused(
        task, "sentence1,label",
        "the file has no \"sentence2\"; it has the columns \"sentence1\", \"label\". Name both with --text_column and "
        "--text_pair_column, or drop --task_name");
  refused("qqp", "text,label", "the file has no \"question1\" and no \"question2\"; ");
  refused("mnli", "sentence1,label", "the file has no \"sentence2\"; ");
  refused("qnli", "sentence,label", "the file has no \"question\"; ");
  refused("rte", "sentence1,label", "the file has no \"sentence2\"; ", {{"text_column", "sentence1"}});
  CHECK_ERROR(train("sentence1,sentence2,label\na,b,1\nc,d,0\n", {{"task_name", "rte"}, {"text_column", "sentence1"}}),
              "not_found", "--task_name rte compares two texts, and --text_column alone names one; ");
  CHECK_NOTHROW(train("first,second,label\na,b,1\nc,d,0\n",
                      {{"task_name", "rte"}, {"text_column", "first"}, {"text_pair_column", "second"}}));
}

TEST_CASE("columns that cannot be told") {
  CHECK_ERROR(train("a,b,label\nx,y,1\n"), "not_found",
              "a.csv: which column holds the text? It has \"a\", \"b\", \"label\". Say --text_column NAME; the columns "
              "of a csv or tsv "
              "file without a header have numbers (--text_column 2 --label_column 1)");
  CHECK_ERROR(train("1\tgood\n0\tbad\n", {}, "a.tsv"), "not_found",
              "which column holds the label? It has \"1\", \"good\". Say --label_column NAME");
  CHECK_ERROR(train("text,label\nx,1\n", {{"text_column", "texts"}}), "not_found", "did you mean \"text\"?");
  CHECK_ERROR(train("1\tgood\n", {{"text_column", "2"}, {"label_column", "3"}}, "a.tsv"), "not_found",
              "there is no column \"3\" (--label_column); it has \"1\", \"2\"");
}

TEST_CASE("options that make no sense") {
  CHECK_ERROR(train("", {{"task_name", "sst"}}), "invalid_option",
              "--task_name takes one of cola, sst2, mrpc, stsb, qqp, mnli, qnli, rte, wnli");
  CHECK_ERROR(train("", {{"metric_name", "bleu"}}), "invalid_option", "--metric_name takes one of auto, accuracy");
  CHECK_ERROR(train("", {{"format", "xml"}}), "invalid_option", "--format takes one of auto, csv");
  CHECK_ERROR(train("", {{"text_pair_column", "b"}}), "invalid_option", "--text_column must name the first");
  CHECK_ERROR(train("text,label\na,1\nb,2\nc,3\n", {{"metric_name", "f1"}}), "invalid_option",
              "--metric_name f1 is for two labels;");
  Trained trained;
  CHECK_ERROR(trained.read("a.csv", "text,label\na,no\n", Purpose::evaluate, 0), "invalid_option",
              "--max_seq_length must be at least 1, not 0");
}

TEST_CASE("evaluation files that do not fit what was learned") {
  Trained trained;
  CHECK_ERROR(trained.read("a.csv", "text,label\na,no\nb,yess\n", Purpose::evaluate), "mismatch",
              "a.csv, row 2 (line 3): the label \"yess\" is none of those learned in training: \"no\", \"yes\"; did it "
              "mean \"yes\"?");
  CHECK_ERROR(trained.read("a.csv", "text\na\n", Purpose::evaluate), "not_found",
              "which column holds the label? It has \"text\"");
  CHECK_ERROR(trained.read("a.csv", "sentence1,sentence2,label\na,b,no\n", Purpose::evaluate), "mismatch",
              "a.csv: the model was trained on single texts, and a pair was found");
  Trained pairs("sentence1,sentence2,label\na,b,no\nc,d,yes\n");
  CHECK_ERROR(pairs.read("a.csv", "text,label\na,no\n", Purpose::evaluate), "mismatch",
              "trained on pairs of texts, and one text was found");
  CHECK_ERROR(pairs.task.from_texts(std::vector<std::string>{"a\tb", "a b"}, pairs.tokenizer, 10), "mismatch",
              "text 2: the model compares two texts; write them with a tab between them");
}

TEST_CASE("an empty text without a token to stand for it") {
  Trained trained;
  CHECK_ERROR(trained.task.from_texts(std::vector<std::string>{"a", ""}, WordTokenizer(false), 10), "unsupported",
              "texts, row 2: the text is empty, and this tokenizer has no end-of-text token");
}

TEST_CASE("a task that knows no labels yet") {
  ClassificationTask task;
  gpt::Random random(1);
  CHECK_ERROR(task.make_head(*gpt::Decoder::create(gpt::test::tiny_gpt2(), 1), random), "mismatch",
              "no labels are known yet: read training data or restore a trained task first");
  CHECK_ERROR(task.transformers(), "mismatch", "no labels are known yet");
  CHECK_ERROR(task.read("a.csv", {WordTokenizer(), 10, Purpose::evaluate}), "mismatch", "no labels are known yet");
}

TEST_CASE("outputs that do not belong to the task") {
  Trained trained;
  put(trained.folder / "a.csv", "text,label\na,no\n");
  const auto data = trained.task.read(trained.folder / "a.csv", {trained.tokenizer, 10, Purpose::evaluate});
  CHECK_ERROR(trained.task.evaluate(*data, std::vector<std::vector<float>>{{1, 2, 3}}), "mismatch",
              "the head gave 3 values for 2 labels");
  CHECK_ERROR(trained.task.evaluate(*data, std::vector<std::vector<float>>{}), "mismatch", "0 outputs for 1 examples");
  CHECK_ERROR(trained.task.answer(*data, 0, std::vector<float>{1}), "mismatch", "the head gave 1 values for 2 labels");
}

TEST_CASE("saved states that are damaged") {
  const nlohmann::ordered_json good = Trained().task.state();
  const auto restored = [&](const char* key, const nlohmann::ordered_json& value) {
    nlohmann::ordered_json state = good;
    state[key] = value;
    ClassificationTask().restore(state);
  };
  CHECK_ERROR(restored("labels", 3), "malformed", "the saved state of the task is damaged");
  CHECK_ERROR(restored("labels", {"a"}), "malformed", "two or more different labels");
  CHECK_ERROR(restored("labels", {"a", "a"}), "malformed", R"(it has ["a","a"])");
  CHECK_ERROR(restored("label_counts", {1}), "malformed", "each with its count");
  CHECK_ERROR(restored("columns", {1}), "malformed", "the saved state of the task is damaged");
  CHECK_ERROR(restored("task_name", "x"), "invalid_option", "not \"x\"");
  CHECK_ERROR(ClassificationTask().restore({}), "malformed", "was it written by this task and version?");
}

TEST_CASE("a sentiment has few grades") {
  const TemporaryFolder folder;
  std::string content = "text,label\n";
  for (int i = 0; i < 12; ++i) content += "a," + std::to_string(i) + "\n";
  put(folder / "a.csv", content);
  gptask::SentimentTask task;
  configure(task, {});
  CHECK_ERROR(task.read(folder / "a.csv", {WordTokenizer(), 10, Purpose::train}), "malformed",
              "a.csv: 12 different labels, where a sentiment has two to five grades; is --label_column right? ");
}

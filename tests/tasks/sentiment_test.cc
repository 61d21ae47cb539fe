// Grades however they are written, aspects, and what a sentiment is not.
#include "gptask/sentiment/task.h"
#include "support/errors.h"
#include "tasks/bench.h"

using namespace gpt::test;
using gpt::Purpose;
using Words = std::vector<std::string>;

namespace {

using SentimentBench = BenchOf<gptask::SentimentTask>;

Words labels_of(const std::string& rows, const Given& given = {}) {
  SentimentBench bench(given);
  bench.read("a.csv", "text,label\n" + rows, Purpose::train);
  return bench.task.labels();
}

}  // namespace

TEST_CASE("grades: words, numbers, stars") {
  CHECK(labels_of("a,fresh\nb,rotten\n") == Words{"fresh", "rotten"});
  CHECK(labels_of("a,4 stars\nb,1 star\nc,4\nd,4.0\ne,4-star\nf,4/5\n") == Words{"1", "4"});
  CHECK(labels_of("a,\u2605\u2605\u2605\u2606\u2606\nb,\u2605\n") == Words{"1", "3"});
  for (const char* four : {"4",
                           "4.0",
                           "4/5",
                           "4 / 5",
                           "4 stars",
                           "4 Stars",
                           "4-star",
                           "4\u2605",
                           "4 \u2605",
                           "\u2605\u2605\u2605\u2605",
                           "\u2605\u2605\u2605\u2605\u2606",
                           "four stars",
                           "Four Stars",
                           "four-star",
                           "4 out of 5",
                           "4 out of 5 stars",
                           "4 stars out of 5",
                           "four out of five",
                           "4 of 5",
                           "4/5 stars"}) {
    INFO(four);
    CHECK(labels_of(std::string("a,") + four + "\nb,1\nc,4\n") == Words{"1", "4"});
  }
  // A number in words is a grade only where stars or a scale say so.
  CHECK(labels_of("a,one\nb,two\n") == Words{"one", "two"});
  CHECK(labels_of("a,movie star\nb,out of order\nc,4 of a kind\nd,n/a\n") ==
        Words{"4 of a kind", "movie star", "n/a", "out of order"});
  CHECK(labels_of("a,-1\nb,0\nc,1\n") == Words{"-1", "0", "1"});
  CHECK(labels_of("a,superstar\nb,none\n") == Words{"none", "superstar"});
}

TEST_CASE("half stars are refused, or mapped as asked") {
  CHECK_ERROR(
      labels_of("a,3.5 stars\nb,1\n"), "malformed",
      "row 1 (line 2): the grade \"3.5 stars\" is no whole number; --half_stars down or up takes the whole star");
  CHECK(labels_of("a,3.5 stars\nb,1\n", {{"half_stars", "down"}}) == Words{"1", "3"});
  CHECK(labels_of("a,3.5 stars\nb,1\n", {{"half_stars", "up"}}) == Words{"1", "4"});
  SentimentBench bench(Given{{"half_stars", "up"}});
  bench.read("a.csv", "text,label\na,2.5\nb,1\n", Purpose::train);
  SentimentBench later;
  later.task.restore(bench.task.state());
  CHECK(later.read("b.csv", "text,label\na,2.5\n", Purpose::evaluate)->answer(0) == "3");
}

TEST_CASE("aspects are the second text") {
  SentimentBench bench(Given{{"text_column", "review"}, {"aspect_column", "about"}});
  const auto data = bench.read("a.csv", "review,about,label\ngood food,food,1\ngood food,service,0\n", Purpose::train);
  CHECK(data->text(1) == "good food\nservice");
  SentimentBench found;
  CHECK(found.read("a.csv", "sentence,aspect,polarity\ngood,food,1\nbad,food,0\n", Purpose::train)->text(0) ==
        "good\nfood");
}

TEST_CASE("a sentiment is calibrated unless told otherwise, and has a few grades") {
  SentimentBench bench;
  bench.read("a.csv", "text,label\na,1\nb,2\n", Purpose::train);
  CHECK(bench.task.state().at("calibrated") == true);
  SentimentBench plain(Given{{"calibrate", "false"}});
  plain.read("a.csv", "text,label\na,1\nb,2\n", Purpose::train);
  CHECK(plain.task.state().at("calibrated") == false);
  std::string many;
  for (int i = 0; i < 12; ++i) many += "a," + std::to_string(i) + "\n";
  CHECK_ERROR(labels_of(many), "malformed",
              "12 different labels, where a sentiment has two to five grades; is --label_column right? gptask finetune "
              "classification takes any number of labels");
  CHECK(labels_of("a,1\nb,2\nc,3\nd,4\ne,5\n").size() == 5);
  CHECK_ERROR(labels_of("a,0\nb,1\nc,2\nd,3\ne,4\nf,5\n"), "malformed", "6 different labels");
}

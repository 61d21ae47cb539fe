// Reads reviews from standard input, one a line, and prints those that a fine-tuned sentiment model gives a label.
//
//   review_filter runs/quickstart fresh 0.8 < reviews.txt
//
// prints the lines that are "fresh" with a probability of at least 0.8. Exit codes: 0 ok, 1 failed, 2 misused.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "gptask/sentiment/pipeline.h"

namespace {

constexpr std::size_t batch = 64;  // lines answered together

void print_matching(const gptask::Sentiment& sentiment, const std::vector<std::string>& reviews,
                    const std::string& label, double least) {
  const auto answers = sentiment.predict(reviews);
  for (std::size_t i = 0; i < reviews.size(); ++i)
    if (answers[i].label == label && answers[i].probability >= least)
      fmt::print("{:.3f}\t{}\n", answers[i].probability, reviews[i]);
}

void filter(const gptask::Sentiment& sentiment, const std::string& label, double least) {
  std::vector<std::string> reviews;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    reviews.push_back(line);
    if (reviews.size() < batch) continue;
    print_matching(sentiment, reviews, label, least);
    reviews.clear();
  }
  print_matching(sentiment, reviews, label, least);
}

int usage(const char* program) {
  fmt::print(stderr, "usage: {} MODEL_FOLDER LABEL [LEAST_PROBABILITY] < REVIEWS\n", program);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) return usage(argv[0]);
  const std::string label = argv[2], least_text = argc == 4 ? argv[3] : "0.5";
  double least = 0;
  const auto parsed = std::from_chars(least_text.data(), least_text.data() + least_text.size(), least);
  if (parsed.ec != std::errc() || parsed.ptr != least_text.data() + least_text.size()) return usage(argv[0]);
  try {
    const auto sentiment = gptask::Sentiment::load(argv[1]);
    const auto& labels = sentiment.labels();
    if (std::find(labels.begin(), labels.end(), label) == labels.end()) {
      fmt::print(stderr, "review_filter: the model knows no label \"{}\", only {}\n", label, fmt::join(labels, ", "));
      return 2;
    }
    filter(sentiment, label, least);
  } catch (const std::exception& error) {
    fmt::print(stderr, "review_filter: {}\n", error.what());
    return 1;
  }
  return 0;
}

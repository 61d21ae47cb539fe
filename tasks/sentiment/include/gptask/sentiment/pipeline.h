// A fine-tuned sentiment model in a program:
//
//   auto sentiment = gptask::Sentiment::load("runs/quickstart");
//   for (const auto& answer : sentiment.predict({"A delight from start to finish."}))
//     fmt::print("{} {:.3f}\n", answer.label, answer.probability);
#pragma once

#include "gptask/classification/pipeline.h"

namespace gptask {

/// A Classifier that loads what `gptask finetune sentiment` wrote; it needs no plugin.
class Sentiment : public Classifier {
 public:
  static Sentiment load(const std::filesystem::path& folder, const LoadOptions& options = {});
  static Sentiment load(const std::map<std::string, std::string>& files, const LoadOptions& options = {});

 private:
  explicit Sentiment(std::shared_ptr<const LoadedTask> model) : Classifier(std::move(model)) {}
};

}  // namespace gptask

// report.html: one file that shows how a run went, with no scripts and nothing from elsewhere.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gpt/train/trainer.h"

namespace gptask {

struct Report {
  std::string title, subtitle;
  std::vector<gpt::StepRecord> curve;                             ///< empty for an evaluation
  std::vector<nlohmann::ordered_json> evaluations;                ///< on the way: {"step", "eval_loss", ...}
  nlohmann::ordered_json runs = nlohmann::ordered_json::array();  ///< of several seeds or folds: a record a run
  std::string evaluated_on;                                       ///< the file behind `evaluation`
  std::string main_metric;
  gpt::Evaluation evaluation;  ///< metrics, baseline, labels, confusion, per_label, mistakes
  nlohmann::ordered_json speed = nlohmann::ordered_json::object();     ///< name -> number or text, shown as given
  nlohmann::ordered_json data = nlohmann::ordered_json::object();      ///< rows read, cut, left out
  nlohmann::ordered_json settings = nlohmann::ordered_json::object();  ///< name -> value
};

std::string html_report(const Report& report);

}  // namespace gptask

// What a person sees while a run goes on: a bar on a terminal, plain lines elsewhere; all on standard error.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "gptask/toolkit/observer.h"

namespace gptask::app {

class Progress : public Observer {
 public:
  Progress();
  ~Progress() override;
  void stage(std::string_view what) override;
  void notice(std::string_view what) override;
  void rows_read(std::uint64_t rows) override;
  void training(const gpt::TrainPlan& plan) override;
  void stepped(const gpt::StepRecord& record) override;
  void inferred(std::size_t done, std::size_t total) override;
  void evaluated(double epoch, const nlohmann::ordered_json& metrics) override;
  void sampled(std::int64_t step, std::string_view text) override;
  bool stop_requested() override;

 private:
  using Clock = std::chrono::steady_clock;
  void begin(std::size_t done);
  /// Whether it is time to show something again; sets that time.
  bool due();
  double rate(std::size_t done) const;
  void show(std::size_t done, std::size_t total, const std::string& details);
  void line(const std::string& text);

  bool terminal_;
  bool bar_shown_ = false, training_ = false;
  gpt::TrainPlan plan_;
  Clock::time_point start_, shown_;
  std::size_t start_done_ = 0, last_done_ = 0;
};

}  // namespace gptask::app

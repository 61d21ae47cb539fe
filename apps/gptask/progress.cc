#include "progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "signals.h"
#include "text_lines.h"

namespace gptask::app {
namespace {

constexpr int bar_width = 24;
constexpr std::chrono::milliseconds terminal_pause(100);
constexpr std::chrono::seconds line_pause(5);

/// "1:02:03", "2:03"
std::string duration(double seconds) {
  const auto total = static_cast<std::int64_t>(std::min(seconds, 1e9) + 0.5);
  const std::int64_t hours = total / 3600, minutes = total / 60 % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, total % 60)
                   : fmt::format("{}:{:02}", minutes, total % 60);
}

}  // namespace

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1), start_(Clock::now()), shown_(start_) {}

Progress::~Progress() {
  if (bar_shown_) std::fputc('\n', stderr);
}

void Progress::line(const std::string& text) {
  if (bar_shown_) std::fputs("\r\x1b[K", stderr);
  bar_shown_ = false;
  fmt::print(stderr, "{}\n", text);
  std::fflush(stderr);
}

void Progress::begin(std::size_t done) {
  start_ = Clock::now();
  shown_ = start_;
  start_done_ = last_done_ = done;
}

void Progress::stage(std::string_view what) {
  line(std::string(what));
  begin(0);
}

void Progress::notice(std::string_view what) { line(fmt::format("note: {}", what)); }

void Progress::training(const gpt::TrainPlan& plan) {
  plan_ = plan;
  line(fmt::format("training on {} examples, {} steps{}", plan.examples, plan.steps,
                   plan.first_step > 0 ? fmt::format(", {} of them done", plan.first_step) : ""));
  begin(static_cast<std::size_t>(plan.first_step));
}

void Progress::stepped(const gpt::StepRecord& record) {
  if (!training_) begin(static_cast<std::size_t>(record.step - 1));  // after an evaluation
  training_ = true;
  show(static_cast<std::size_t>(record.step), static_cast<std::size_t>(plan_.steps),
       fmt::format("epoch {:.2f}  loss {:.4f}  grad norm {:.3g}  lr {:.2e}", record.epoch, record.loss,
                   record.grad_norm, record.learning_rate));
}

void Progress::inferred(std::size_t done, std::size_t total) {
  if (training_ || done < last_done_) begin(0);
  training_ = false;
  show(done, total, "");
}

bool Progress::due() {
  const auto now = Clock::now();
  if (now - shown_ < (terminal_ ? std::chrono::duration_cast<Clock::duration>(terminal_pause) : line_pause))
    return false;
  shown_ = now;
  return true;
}

double Progress::rate(std::size_t done) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  return static_cast<double>(done - start_done_) / std::max(seconds, 1e-9);
}

void Progress::rows_read(std::uint64_t rows) {
  if (!due()) return;
  const std::string text = fmt::format("{} rows read  {:.0f}/s", rows, rate(rows));
  if (!terminal_) return line(text);
  fmt::print(stderr, "\r\x1b[K{}", text);
  std::fflush(stderr);
  bar_shown_ = true;
}

void Progress::show(std::size_t done, std::size_t total, const std::string& details) {
  last_done_ = done;
  if (!due() && done != total) return;
  const double speed = rate(done);
  const double left = speed > 0 ? static_cast<double>(total - done) / speed : 0;
  const std::string tail = fmt::format("{}/{}  {}{}{:.1f}/s  {} left", done, total, details,
                                       details.empty() ? "" : "  ", speed, duration(left));
  if (!terminal_) return line(tail);
  const int full = total > 0 ? static_cast<int>(done * bar_width / total) : bar_width;
  fmt::print(stderr, "\r\x1b[K[{:#>{}}{:->{}}] {}", "", full, "", bar_width - full, tail);
  std::fflush(stderr);
  bar_shown_ = true;
}

void Progress::evaluated(double epoch, const nlohmann::ordered_json& metrics) {
  std::string text = epoch > 0 ? fmt::format("evaluated at epoch {:.2f}:", epoch) : std::string("evaluated:");
  for (const auto& [name, value] : metrics.items())
    if (value.is_number()) text += fmt::format("  {} {:.4g}", name, value.get<double>());
  line(text);
}

void Progress::sampled(std::int64_t step, std::string_view text) {
  line(fmt::format("sample at step {}: {}", step, one_line(std::string(text))));
}

bool Progress::stop_requested() { return caught_signal() != 0; }

}  // namespace gptask::app

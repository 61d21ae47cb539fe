#include "run/journal.h"

#include <algorithm>
#include <fstream>

#include "gpt/core/error.h"
#include "gpt/io/atomic_file.h"

namespace gptask {

using Json = nlohmann::ordered_json;

Journal::Journal(std::filesystem::path path) : path_(std::move(path)) {
  std::ifstream file(path_, std::ios::binary);
  std::vector<std::vector<float>> waiting;
  std::string lines;
  for (std::string line; std::getline(file, line);) {
    if (file.eof()) break;  // without its end: cut off
    lines += line + "\n";
    take(line, waiting);
    if (!waiting.empty()) continue;
    kept_ += lines;
    lines.clear();
  }
  if (!lines.empty() || !kept_.empty()) gpt::write_file_atomically(path_, kept_);
  kept_.clear();
}

void Journal::take(const std::string& line, std::vector<std::vector<float>>& waiting) try {
  const Json entry = Json::parse(line);
  if (entry.contains("latency")) {
    latency_ = entry.at("latency");
    return;
  }
  if (entry.contains("seconds")) {
    seconds_ += entry.at("seconds").get<double>();
    outputs_.insert(outputs_.end(), waiting.begin(), waiting.end());
    waiting.clear();
    return;
  }
  if (entry.at("index") != outputs_.size() + waiting.size())
    gpt::fail(gpt::ErrorCode::malformed, "{}: example {} is missing; start anew with --overwrite_output_dir",
              path_.string(), outputs_.size() + waiting.size());
  waiting.push_back(entry.at("output").get<std::vector<float>>());
} catch (const nlohmann::json::exception& error) {
  gpt::fail(gpt::ErrorCode::malformed,
            "{}: \"{}\" is no line of a journal ({}); start anew with --overwrite_output_dir", path_.string(),
            line.substr(0, 60), error.what());
}

void Journal::write(const std::string& lines) {
  if (!file_) file_ = gpt::FileSystem::current().open(path_, gpt::OpenMode::append);
  file_->write(std::string_view(lines));
  file_->sync();
}

void Journal::append(const std::vector<std::vector<float>>& outputs, double seconds) {
  std::string lines;
  for (const auto& output : outputs) {
    lines += Json{{"index", outputs_.size()}, {"output", output}}.dump() + "\n";
    outputs_.push_back(output);
  }
  lines += Json{{"seconds", seconds}}.dump() + "\n";
  seconds_ += seconds;
  write(lines);
}

void Journal::set_latency(const Json& latency) {
  latency_ = latency;
  write(Json{{"latency", latency}}.dump() + "\n");
}

void Journal::remove() {
  file_.reset();
  gpt::FileSystem::current().remove(path_);
}

}  // namespace gptask

// What an evaluation has computed so far, on disk, so that an interrupted one goes on where it stopped.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "gpt/io/file_system.h"

namespace gptask {

/// A line an example: {"index": 0, "output": [0.5, -1.25]}, what the head gave. After each part a line with its time:
/// {"seconds": 1.5}; what follows the last of these was cut off and does not count.
class Journal {
 public:
  /// Reads what is there. Error malformed for a file that is no journal.
  explicit Journal(std::filesystem::path path);

  const std::vector<std::vector<float>>& outputs() const noexcept { return outputs_; }
  double seconds() const noexcept { return seconds_; }  ///< of inference
  const nlohmann::ordered_json& latency() const noexcept { return latency_; }

  /// The next examples; on the disk when this returns.
  void append(const std::vector<std::vector<float>>& outputs, double seconds);
  void set_latency(const nlohmann::ordered_json& latency);
  void remove();

 private:
  void take(const std::string& line, std::vector<std::vector<float>>& waiting);
  void write(const std::string& lines);

  std::filesystem::path path_;
  std::unique_ptr<gpt::WritableFile> file_;  ///< open once something is appended
  std::string kept_;                         ///< the lines that count
  std::vector<std::vector<float>> outputs_;
  double seconds_ = 0;
  nlohmann::ordered_json latency_;
};

}  // namespace gptask

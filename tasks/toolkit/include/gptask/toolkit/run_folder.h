// The folder a run writes into: claimed once, never mixed with another run.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace gptask {

/// repeat: a folder of finetune runs, one a seed or fold.
enum class RunKind { finetune, repeat, evaluate, pretrain };

/// How a folder that already holds a run is treated.
enum class Existing { refuse, resume, overwrite };
inline Existing existing(bool resume, bool overwrite) noexcept {
  return resume ? Existing::resume : overwrite ? Existing::overwrite : Existing::refuse;
}

class RunFolder {
 public:
  /// Looks, changes nothing. Errors: invalid_option when the folder is no folder, holds another run (or files of
  /// somebody else) and `existing` does not allow it, or belongs to a run of the other kind.
  RunFolder(std::filesystem::path path, RunKind kind, Existing existing);

  const std::filesystem::path& path() const noexcept { return path_; }
  /// With Existing::resume: whether there is a run to resume (its run.json).
  bool holds_run() const noexcept { return holds_run_; }
  /// With Existing::resume: error mismatch if the run there was started with other settings, naming each that differs.
  void check_same_run(const nlohmann::ordered_json& fingerprint) const;

  /// Makes the folder, removes the files of an overwritten run, and leaves run.json.
  void claim(const nlohmann::ordered_json& fingerprint);

 private:
  std::filesystem::path path_;
  RunKind kind_;
  Existing existing_;
  bool holds_run_ = false;
};

}  // namespace gptask

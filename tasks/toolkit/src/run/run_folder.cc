#include "gptask/toolkit/run_folder.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "gpt/core/error.h"
#include "gpt/io/file_system.h"
#include "gpt/io/json.h"

namespace gptask {
namespace fs = std::filesystem;
namespace {

using gpt::ErrorCode;
using gpt::fail;

constexpr const char* run_file = "run.json";

const char* kind_name(RunKind kind) {
  switch (kind) {
    case RunKind::finetune:
      return "finetune";
    case RunKind::repeat:
      return "finetune of several seeds or folds";
    case RunKind::pretrain:
      return "pretrain";
    case RunKind::evaluate:
      break;
  }
  return "evaluate";
}

/// The file that a run writes last.
const char* last_file(RunKind kind) {
  switch (kind) {
    case RunKind::finetune:
      return "gptask.json";
    case RunKind::repeat:
    case RunKind::pretrain:
      return "all_results.json";
    case RunKind::evaluate:
      break;
  }
  return "test_results.json";
}

/// The kind of run whose run.json this is; "" if it cannot be told.
std::string recorded_kind(const fs::path& folder) {
  if (!fs::exists(folder / run_file)) return "";
  const nlohmann::json run = gpt::read_json_file(folder / run_file);
  return run.is_object() && run.contains("kind") && run["kind"].is_string() ? run["kind"].get<std::string>() : "";
}

/// What a run writes: known names, checkpoints, prediction files. Other files in the folder are left alone.
bool written_by_run(const fs::path& path) {
  static constexpr std::array<std::string_view, 25> names = {"README.md",
                                                             "adapter_config.json",
                                                             "adapter_model.safetensors",
                                                             "all_results.json",
                                                             "chat_template.jinja",
                                                             "config.json",
                                                             "curve.svg",
                                                             "eval_results.json",
                                                             "generation_config.json",
                                                             "gptask.json",
                                                             "manifest.json",
                                                             "merges.txt",
                                                             "model.safetensors",
                                                             "model.safetensors.index.json",
                                                             "report.html",
                                                             run_file,
                                                             "special_tokens_map.json",
                                                             "test_results.json",
                                                             "tokenizer.json",
                                                             "tokenizer_config.json",
                                                             "train.tokens",
                                                             "train_results.json",
                                                             "trainer_state.json",
                                                             "validation.tokens",
                                                             "vocab.json"};
  const std::string name = path.filename().string();
  return std::find(names.begin(), names.end(), name) != names.end() || name.rfind("checkpoint-", 0) == 0 ||
         name.rfind("seed-", 0) == 0 || name.rfind("fold-", 0) == 0 || name.rfind("predict_results", 0) == 0 ||
         name.rfind("test_predictions", 0) == 0 || name.rfind(".tmp", 0) == 0;
}

}  // namespace

RunFolder::RunFolder(fs::path path, RunKind kind, Existing existing)
    : path_(std::move(path)), kind_(kind), existing_(existing) {
  std::error_code error;
  const fs::file_status status = fs::status(path_, error);
  if (status.type() == fs::file_type::not_found) {
    if (existing_ == Existing::resume)
      fail(ErrorCode::not_found, "--output_dir {}: no such folder, so there is nothing to resume", path_.string());
    return;
  }
  if (status.type() != fs::file_type::directory)
    fail(ErrorCode::invalid_option, "--output_dir {} is not a folder", path_.string());
  const fs::directory_iterator entries(path_, error);
  if (error) fail(ErrorCode::io, "--output_dir {}: {}", path_.string(), error.message());
  if (entries == fs::directory_iterator()) return;

  const std::string recorded = recorded_kind(path_);
  holds_run_ = recorded == kind_name(kind_);
  const bool finished = fs::exists(path_ / last_file(kind_));
  if (!holds_run_ && recorded.empty())
    fail(ErrorCode::invalid_option,
         "--output_dir {} holds files that no gptask run wrote; choose a new or empty folder", path_.string());
  if (!holds_run_)
    fail(ErrorCode::invalid_option, "--output_dir {} belongs to a run of gptask {}; choose another folder",
         path_.string(), recorded);
  if (existing_ == Existing::refuse)
    fail(ErrorCode::invalid_option,
         "--output_dir {} holds {} run; --overwrite_output_dir replaces it{}, or choose another folder", path_.string(),
         finished ? "another" : "an unfinished",
         kind_ != RunKind::evaluate ? ", --resume_from_checkpoint continues it" : "");
}

void RunFolder::check_same_run(const nlohmann::ordered_json& fingerprint) const {
  const nlohmann::json run = gpt::read_json_file(path_ / run_file);
  const nlohmann::json recorded = run.value("fingerprint", nlohmann::json::object());
  std::string differences;
  for (const auto& [name, value] : fingerprint.items()) {
    const nlohmann::json before = recorded.contains(name) ? recorded[name] : nlohmann::json();
    if (before == nlohmann::json(value)) continue;
    differences +=
        fmt::format("{}{} was {} and is now {}", differences.empty() ? "" : "; ", name, before.dump(), value.dump());
  }
  if (!differences.empty())
    fail(ErrorCode::mismatch,
         "{} cannot be resumed with other settings: {}. Give the settings it was started with, or start anew "
         "with --overwrite_output_dir",
         path_.string(), differences);
}

void RunFolder::claim(const nlohmann::ordered_json& fingerprint) {
  gpt::FileSystem& files = gpt::FileSystem::current();
  files.make_folder(path_);
  if (existing_ == Existing::resume && holds_run_) return;
  if (existing_ == Existing::overwrite) {
    files.remove(path_ / last_file(kind_));  // first: what is left is no finished run
    std::vector<fs::path> old;
    for (const auto& entry : fs::directory_iterator(path_))
      if (written_by_run(entry.path()) && entry.path().filename() != run_file) old.push_back(entry.path());
    std::sort(old.begin(), old.end());
    for (const fs::path& path : old) files.remove(path);
  }
  gpt::write_json_file(path_ / run_file, {{"kind", kind_name(kind_)}, {"fingerprint", fingerprint}});
}

}  // namespace gptask

#include "run/resume.h"

#include "gpt/core/error.h"
#include "gpt/train/trainer.h"

namespace gptask {

std::filesystem::path checkpoint_to_resume(const RunFolder& folder, const std::filesystem::path& named,
                                           const nlohmann::ordered_json& fingerprint, Observer& observer) {
  if (folder.holds_run()) folder.check_same_run(fingerprint);
  std::filesystem::path checkpoint = named.empty() ? gpt::newest_checkpoint(folder.path()) : named;
  if (!named.empty() && !std::filesystem::exists(named))
    gpt::fail(gpt::ErrorCode::not_found, "--resume_from_checkpoint {}: no such folder", named.string());
  observer.notice(checkpoint.empty()
                      ? fmt::format("{} holds no complete checkpoint yet; starting at step 1", folder.path().string())
                      : fmt::format("resuming from {}", checkpoint.string()));
  return checkpoint;
}

}  // namespace gptask

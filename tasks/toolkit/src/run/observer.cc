#include "gptask/toolkit/observer.h"

namespace gptask {

Observer::~Observer() = default;
void Observer::stage(std::string_view) {}
void Observer::notice(std::string_view) {}
void Observer::rows_read(std::uint64_t) {}
void Observer::training(const gpt::TrainPlan&) {}
void Observer::stepped(const gpt::StepRecord&) {}
void Observer::inferred(std::size_t, std::size_t) {}
void Observer::evaluated(double, const nlohmann::ordered_json&) {}
void Observer::sampled(std::int64_t, std::string_view) {}
bool Observer::stop_requested() { return false; }

}  // namespace gptask

// A measurement in a process of its own: its peak memory is its own, and nothing before it has warmed or filled
// anything.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>

namespace gptask::app {

/// What `work` returns in a copy of this process, which must have no threads yet. Throws what it threw; error io
/// where a signal ended it, as the system does when memory runs out. `what` names the work in that message.
nlohmann::ordered_json in_child(std::string_view what, const std::function<nlohmann::ordered_json()>& work);

}  // namespace gptask::app

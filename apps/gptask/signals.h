// Ctrl-C and SIGTERM: the first asks a run to stop, the second ends the program.
#pragma once

namespace gptask::app {

/// Takes SIGINT and SIGTERM over, once.
void catch_signals();
/// The first signal caught, or 0.
int caught_signal() noexcept;

}  // namespace gptask::app

// Ctrl-C and SIGTERM: the first asks a run to stop, the second ends the program.
#pragma once

namespace gptask::app {

/// Takes SIGINT and SIGTERM over, once.
void catch_signals();
/// The first signal caught, or 0.
int caught_signal() noexcept;
/// Ctrl-C was seen to: the next one is a first one again. SIGTERM stays.
void forget_interrupt() noexcept;
/// Readable from the first signal on, for those who wait for something else; -1 before catch_signals. Reading it is
/// left to forget_interrupt.
int signal_descriptor() noexcept;

}  // namespace gptask::app

// What the source of a plugin includes. One file of it says which tasks there are:
//
//   GPTASK_PLUGIN(registrar) {
//     registrar.task<KeywordTask>("keywords", 1);
//   }
#pragma once

#include "gpt/plugin/registry.h"
#include "gpt/plugin/stamp.h"
#include "gpt/plugin/task.h"

/// The one C symbol of a plugin. What it throws reaches the loader, which refuses the plugin with that message.
extern "C" __attribute__((visibility("default"))) void gptask_plugin_register(void* registrar);

/// Leaves the build stamp in the ELF note section ".note.gptask" (owner "gptask", type 1).
#define GPTASK_PLUGIN_STAMP()                                                    \
  asm(".pushsection .note.gptask,\"a\",%note\n"                                  \
      ".balign 4\n.long 7\n.long 9f-8f\n.long 1\n.asciz \"gptask\"\n.balign 4\n" \
      "8: .ascii \"" GPT_BUILD_STAMP("\\n") "\"\n9: .balign 4\n.popsection\n")

/// The stamp, and the entry point with the block that follows as its body.
#define GPTASK_PLUGIN(registrar)                                            \
  GPTASK_PLUGIN_STAMP();                                                    \
  static void gptask_plugin_tasks(::gpt::Registrar&);                       \
  void gptask_plugin_register(void* gptask_registrar) {                     \
    gptask_plugin_tasks(*static_cast<::gpt::Registrar*>(gptask_registrar)); \
  }                                                                         \
  static void gptask_plugin_tasks(                                          \
      [[maybe_unused]] ::gpt::Registrar& registrar)  // NOLINT(bugprone-macro-parentheses): a name

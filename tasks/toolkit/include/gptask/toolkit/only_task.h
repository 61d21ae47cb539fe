// A registry of one task that is linked: for the classes that carry a task into a program.
#pragma once

#include <string>
#include <utility>

#include "gpt/plugin/registry.h"

namespace gptask {

template <typename Task>
gpt::Registry only_task(std::string name, int version) {
  gpt::Registrar registrar;
  registrar.task<Task>(std::move(name), version);
  gpt::Registry registry;
  registry.add(std::move(registrar), {});
  return registry;
}

}  // namespace gptask

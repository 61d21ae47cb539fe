#include "gpt/plugin/plugin.h"

#include "gptask/multiple_choice/task.h"

GPTASK_PLUGIN(registrar) { registrar.task<gptask::MultipleChoiceTask>("multiple-choice", 1); }

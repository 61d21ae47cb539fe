#include "gpt/plugin/plugin.h"

#include "gptask/qa/task.h"

GPTASK_PLUGIN(registrar) { registrar.task<gptask::QaTask>("qa", 1); }

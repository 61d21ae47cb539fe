#include "gpt/plugin/plugin.h"

#include "gptask/classification/task.h"

GPTASK_PLUGIN(registrar) { registrar.task<gptask::ClassificationTask>("classification", 1); }

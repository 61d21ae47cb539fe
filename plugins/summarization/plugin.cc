#include "gpt/plugin/plugin.h"

#include "gptask/summarization/task.h"

GPTASK_PLUGIN(registrar) { registrar.task<gptask::SummarizationTask>("summarization", 1); }

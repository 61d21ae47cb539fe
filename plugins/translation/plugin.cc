#include "gpt/plugin/plugin.h"

#include "gptask/translation/task.h"

GPTASK_PLUGIN(registrar) { registrar.task<gptask::TranslationTask>("translation", 1); }

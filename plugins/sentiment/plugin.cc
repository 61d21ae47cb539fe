#include "gpt/plugin/plugin.h"

#include "gptask/sentiment/task.h"

GPTASK_PLUGIN(registrar) { registrar.task<gptask::SentimentTask>("sentiment", 1); }

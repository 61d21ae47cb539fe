#!/usr/bin/env python3
"""Classifies one text with Transformers' pipeline, from a cold start of Python: time the whole process.

    predict_once.py FOLDER TEXT        a folder that gptask merge wrote
"""

import sys

import measure  # noqa: F401  keeps Transformers off the network

import transformers

print(transformers.pipeline("text-classification", sys.argv[1], device="cpu")(sys.argv[2]))

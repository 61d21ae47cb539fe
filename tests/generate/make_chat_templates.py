#!/usr/bin/env python3
"""Write chat templates of the usual kinds, conversations, and what Transformers makes of them. Usage: make_chat_templates.py OUT.json [MORE.json]

Needs transformers and jinja2 from PyPI. MORE.json: {name: template} to add. A case has "text", or "error" where the template raises one.
"""
import json
import sys

from transformers.utils.chat_template_utils import render_jinja_template

SPECIAL = {"bos_token": "<s>", "eos_token": "</s>"}

TEMPLATES = {
    # A system message of its own where there is none, as ChatML models have it; white space controlled by "-".
    "chatml": """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
{%- else %}
    {{- '<|im_start|>system\\nYou answer briefly.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|im_start|>' ~ message.role ~ '\\n' ~ message.content ~ '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
""",
    # Thoughts of earlier turns are left out.
    "chatml with thoughts": """{%- set ns = namespace(last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if message.role == 'user' and message.content is string and not(message.content.startswith('<tool>')) %}
        {%- set ns.last = index %}
        {%- break %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content %}
    {%- if message.role == 'assistant' and '</think>' in content and loop.index0 < ns.last %}
        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "llama2": """{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}\
{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}\
{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate: ' ~ message['role']) }}{% endif %}\
{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}\
{% else %}{% set content = message['content'] %}{% endif %}\
{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}\
{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}""",
    "llama3": """{% set loop_messages = messages %}{% for message in loop_messages %}\
{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}\
{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}\
{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}""",
    # The system message apart, with a date; a branch for tools that is not taken.
    "llama3 with a date": """{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}{%- set date_string = "26 Jul 2024" %}{%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- A comment, over
    two lines. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
    {%- for t in tools %}{{- t | tojson(indent=4) }}{%- endfor %}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("one call at a time") }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    # Tags on lines of their own: trim_blocks and lstrip_blocks decide what is written.
    "zephyr": """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>
' + message['content'] + eos_token }}
    {% elif message['role'] == 'assistant' %}
{{ '<|assistant|>
'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}""",
    "mistral": """{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}\
{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}\
{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}\
{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}\
{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}""",
    # The system message in the last turn of the user; turns counted without tools.
    "mistral with a system message": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or message.role == "tool_results" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the optional system message, conversation roles must alternate") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {%- if message.tool_calls is defined %}{{- raise_exception("no tools") }}{%- endif %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- endif %}
{%- endfor %}
""",
    # Rare things at once.
    "odds": """{%+ if true %}  x{%+ endif %}
  {% if messages | length > 1 -%}   several {%- else -%} one {%- endif +%}

{%- set text %} {{ messages[0].content | upper if messages[0].content is string else messages[-1]['content'][:3] }} {% endset %}
[{{ text }}|{{ text | trim }}]{{ missing }}{{ none }}{{ 7 // 2 }} {{ -7 % 3 }} {{ 1.5 * 2 }} {{ 'a' in 'cat' }} {{ [1, 2][::-1][0] }}
{% for key, value in {'a': 1, 'b': 2}.items() if value > 1 %}{{ key ~ loop.index ~ loop.length }}{% else %}nothing{% endfor %}
{% for m in messages if m.role == 'nobody' %}{% else %}nobody{% endfor %} {{ "tab\\t\\u00e9\\x41" 'joined' }} {{ messages[0] | tojson }}
{% generation %}{{ loop is defined }} {{ ['x', 'y'] | join('-') }} {{ ' a b ' | trim | replace(' ', '_') }} {{ 'Ab' | lower }}{% endgeneration %}
{{ messages[0].get('role') }} {{ messages[0].get('x', 'no') }} {{ 'a,b,c'.split(',', 1)[1] }} {{ missing | default('d') }} {{ 3 is odd and not 3 is even }}
""",
}


def talk(*turns):
    return [dict(role={"s": "system", "u": "user", "a": "assistant"}[turn[0]], content=turn[1:]) for turn in turns]


TALKS = [
    talk("uWhat is gravity?"),
    talk("sAnswer in one word.", "uCapital of France?"),
    talk("uHi", "aHello! How can I help?", "u  Tell me a joke.\nA short one. "),
    talk("s  spaces  ", "u\n", "a <think>hm</think>\n\nyes\t", "u日本語 🙂 \u00a0", "aok", "ulast"),
    talk("aI speak first.", "uFine."),
    talk("uone", "utwo"),
    talk("uq", "aa", "slate system"),
]


def main():
    templates = dict(TEMPLATES)
    for file in sys.argv[2:]:
        templates.update(json.load(open(file)))
    out = []
    for name, template in templates.items():
        cases = []
        for messages in TALKS:
            for prompt in (False, True):
                case = dict(messages=messages, add_generation_prompt=prompt)
                try:
                    case["text"] = render_jinja_template([messages], chat_template=template, add_generation_prompt=prompt, **SPECIAL)[0][0]
                except Exception as error:
                    case["error"] = str(error)
                cases.append(case)
        out.append(dict(name=name, template=template, cases=cases))
    json.dump(dict(special_tokens=SPECIAL, templates=out), open(sys.argv[1], "w"), ensure_ascii=False, indent=1)
    open(sys.argv[1], "a").write("\n")


main()

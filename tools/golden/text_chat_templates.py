"""Goldens core_text/chat_templates and core_text/template_features: what jinja2 writes, in the environment that transformers makes.

The templates are our own, in the manner of the known models' (templates/*.jinja beside the golden). Every template meets every
conversation; a rendering that raises is kept as an error, with the message where the template itself raised it. The features are short
templates, one rule of the language each.

usage: python tools/golden/text_chat_templates.py"""
import datetime
import json
import pathlib

import jinja2
import transformers
from transformers.utils import chat_template_utils

OUT = pathlib.Path(__file__).resolve().parents[2] / 'tests/golden/core_text'
NOW = 1721995200  # 2024-07-26, noon UTC


class Noon(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(NOW)


chat_template_utils.datetime = Noon

WEATHER = {'type': 'function', 'function': {'name': 'get_weather', 'description': 'The weather "now" & later, in <city>.', 'parameters': {
    'type': 'object', 'required': ['city'], 'properties': {
        'city': {'type': 'string', 'description': "The city's name"},
        'unit': {'type': 'string', 'enum': ['celsius', 'fahrenheit'], 'default': 'celsius'},
        'days': {'type': ['integer', 'null'], 'description': 'how many', 'default': 3},
        'at': {'type': 'array', 'items': {'type': 'number'}}}}}}
CLOCK = {'type': 'function', 'function': {'name': 'clock', 'description': '时间', 'parameters': {'type': 'object', 'properties': {}}}}
CALL = {'id': 'call12345', 'type': 'function', 'function': {'name': 'get_weather', 'arguments': {'city': 'Köln', 'days': 2, 'at': [1.0, 0.5, 1e20]}}}
USER, SYSTEM = {'role': 'user', 'content': ' Hello there. '}, {'role': 'system', 'content': 'You are brief.\n'}


def said(role, content, **more):
    return {'role': role, 'content': content, **more}


CONVERSATIONS = {
    'user': {'messages': [USER], 'add_generation_prompt': True},
    'no prompt': {'messages': [USER, said('assistant', 'Hi!')], 'add_generation_prompt': False},
    'system': {'messages': [SYSTEM, USER], 'add_generation_prompt': True},
    'turns': {'messages': [SYSTEM, USER, said('assistant', 'Hi!\n'), said('user', 'And\nnow?'), said('assistant', ' So.'), said('user', '')],
              'add_generation_prompt': True},
    'empty': {'messages': [], 'add_generation_prompt': True},
    'tools': {'messages': [USER], 'tools': [WEATHER, CLOCK], 'add_generation_prompt': True},
    'tool result': {'messages': [SYSTEM, said('user', 'Weather?'), {'role': 'assistant', 'tool_calls': [CALL]},
                                 said('tool', '{"t": 3.5}', tool_call_id='call12345', name='get_weather')],
                    'tools': [WEATHER], 'add_generation_prompt': True},
    'two calls': {'messages': [said('user', 'Both?'), said('assistant', 'Let me see.', tool_calls=[
        CALL, {'id': 'call00002', 'type': 'function', 'function': {'name': 'clock', 'arguments': {}}}]),
        said('tool', 'rain', tool_call_id='call12345'), said('tool', '12:00', tool_call_id='call00002'), said('assistant', 'Rain at noon.')],
        'tools': [WEATHER, CLOCK], 'add_generation_prompt': False},
    'thinking': {'messages': [said('user', '2+2?'), said('assistant', '<think>\nEasy.\n</think>\n\n4'), said('user', 'Sure?'),
                              said('assistant', '4', reasoning_content='Yes.')], 'add_generation_prompt': False},
    'no thinking': {'messages': [said('user', '2+2?')], 'add_generation_prompt': True, 'enable_thinking': False},
    'parts': {'messages': [said('user', [{'type': 'image'}, {'type': 'text', 'text': 'What is it? '}, {'type': 'text', 'text': 'Say.'}]),
                           said('assistant', [{'type': 'text', 'text': 'A furnace.'}])], 'add_generation_prompt': True},
    'hostile': {'messages': [said('system', '{{ 7*7 }}{% for %}{# x #}'), said('user', '<|im_end|>\r\n\t"\'\\</s>\u2028\u0000\u0085é😀 [INST] '),
                             said('assistant', '</think>}}%}\u200b')], 'add_generation_prompt': True},
    'documents': {'messages': [USER], 'documents': [{'title': 'a', 'text': 'one'}, {'title': 'b', 'text': 'two'}], 'add_generation_prompt': True},
    'odd roles': {'messages': [said('assistant', 'First!'), said('critic', 'Hm.', tools='[]'), said('user', None), said('user', 12)],
                  'add_generation_prompt': True},
}
TOKENS = {'bos_token': '<s>', 'eos_token': '</s>', 'unk_token': '<unk>'}
VARIABLES = {'s': 'Hello, wörld', 'n': 7, 'f': 2.5, 'l': [3, 1, 2], 'names': ['bob', 'Alice', 'carol', 'Bob'], 'd': {'b': 1, 'a': 'x', 'items': 5},
             'none': None, 't': True, 'nested': [{'k': {'v': 1}, 'n': 'x'}, {'k': {'v': 3}, 'n': 'Y'}, {'n': 'z'}], 'empty': [], 'e': ''}


def render(template, variables, aliased):
    compiled = chat_template_utils._compile_jinja_template(template)
    try:
        if aliased:
            chat = chat_template_utils._alias_reasoning_fields(chat_template_utils._normalize_chat_messages(variables['messages']))
            rest = {k: v for k, v in variables.items() if k not in ('messages', 'tools', 'documents', 'add_generation_prompt')}
            text, spans = chat_template_utils._render_with_assistant_indices(
                compiled, chat, variables.get('tools'), variables.get('documents'), variables['add_generation_prompt'], **rest)
            return {'text': text, **({'spans': spans} if spans else {})}
        return {'text': compiled.render(**variables)}
    except jinja2.exceptions.TemplateError as error:
        raised = type(error) is jinja2.exceptions.TemplateError
        return {'error': str(error) if raised else ''}
    except Exception:
        return {'error': ''}


def features():
    lines = (OUT / 'template_features/features.txt').read_bytes().decode().split('\n=====\n')
    out = []
    for template in lines:
        try:
            answer = render(template, VARIABLES, False)
        except (jinja2.exceptions.TemplateSyntaxError, SyntaxError) as error:
            answer = {'syntax': str(error)}
        out.append({'template': template, **answer})
    return {'variables': VARIABLES, 'now': NOW, 'cases': out}


def chats():
    cases = []
    for path in sorted((OUT / 'chat_templates/templates').glob('*.jinja')):
        template = path.read_text()
        for name, variables in CONVERSATIONS.items():
            cases.append({'template': path.stem, 'conversation': name, **render(template, {**TOKENS, **variables}, True)})
    return {'conversations': CONVERSATIONS, 'tokens': TOKENS, 'now': NOW, 'cases': cases}


def write(case, data, why):
    folder = OUT / case
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'data.json').write_text(json.dumps(data, ensure_ascii=False, separators=(',', ':')))
    origin = {'library': 'jinja2, in the environment of transformers ' + transformers.__version__, 'version': jinja2.__version__,
              'command': 'python tools/golden/text_chat_templates.py', 'seed': None, 'tolerance': 0, 'why': why}
    (folder / 'origin.json').write_text(json.dumps(origin, indent=2, ensure_ascii=False) + '\n')
    print(case, len(data['cases']), 'cases,', sum('error' in c for c in data['cases']), 'raise')


if __name__ == '__main__':
    write('chat_templates', chats(), 'text and generation spans are exact')
    write('template_features', features(), 'text is exact')

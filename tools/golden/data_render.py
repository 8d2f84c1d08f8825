"""Golden core_data/render: ids and assistant masks of transformers' apply_chat_template(return_assistant_tokens_mask=True).

Every template is kept twice: with {% generation %} marks, which transformers needs for its mask, and with the marks taken out; both must
give the same mask here. Two tokenizers of our own making: byte-level BPE, and BPE with Metaspace and byte fallback (Llama's kind).

usage: python tools/golden/data_render.py        (from the repository's root)
"""
import json
import pathlib
import re
import shutil

import tokenizers
import transformers
from tokenizers import decoders, models, pre_tokenizers, trainers

OUT = pathlib.Path("tests/golden/core_data/render")
SPECIAL = ["<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|user|>", "<|assistant|>"]
TEXT = ["The quick brown fox jumps over the lazy dog. What is the weather in the city? It is sunny and warm today, I think.",
        "user assistant system answer question: one two three four five six seven. Hello there! How are you?"] * 20

TEMPLATES = {
    "chatml": "{% for m in messages %}{% if m.role == 'assistant' %}{{ '<|im_start|>assistant\\n' }}{% generation %}{{ m.content + '<|im_end|>' }}"
              "{% endgeneration %}{{ '\\n' }}{% else %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endif %}{% endfor %}"
              "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "trims": "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' }}"
             "{% if m.role == 'assistant' %}{% generation %}{{ m.content | trim + '<|eot_id|>' }}{% endgeneration %}"
             "{% else %}{{ m.content | trim + '<|eot_id|>' }}{% endif %}{% endfor %}"
             "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}",
    "forgets-thoughts": "{% set ns = namespace(last=0) %}{% for m in messages %}{% if m.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}{% endfor %}"
                        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}{% if m.role == 'assistant' %}{% generation %}"
                        "{% if loop.index0 > ns.last %}{{ '<think>\\n' + (m.reasoning_content or '') + '\\n</think>\\n\\n' }}{% endif %}"
                        "{{ m.content + '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}{% else %}{{ m.content + '<|im_end|>\\n' }}{% endif %}{% endfor %}"
                        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "prompt-opens-thoughts": "{% for m in messages %}{% if m.role == 'assistant' %}{{ '<|assistant|>' }}{% generation %}{{ m.content + '</s>' }}{% endgeneration %}"
                             "{% else %}{{ '<|user|>' + m.content }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|><think>\\n' }}{% endif %}",
    "instructions": "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ ' ' + m.content + eos_token }}{% endgeneration %}"
                    "{% else %}{{ '[INST] ' + m.content + ' [/INST]' }}{% endif %}{% endfor %}",
    "end-is-the-next-turn": "{% for m in messages %}{% if m.role == 'assistant' %}{{ '<|assistant|>\\n' }}{% generation %}{{ m.content }}{% endgeneration %}"
                            "{% else %}{{ '<|user|>\\n' + m.content }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}",
}
U, A, S = [(lambda c, role=role: {"role": role, "content": c}) for role in ("user", "assistant", "system")]
CONVERSATIONS = {
    "one": [U("What is two?"), A("Two is one and one.")],
    "three": [S("Be brief."), U("Hello there!"), A("Hello."), U("one?"), A("one two three"), U("and?"), A("That is all.")],
    "letters": [U("天气怎么样？"), A("今天很好 🌞。"), U("é?"), A("naïve 0")],
    "blanks": [U("  a  "), A(" leads and ends \n"), U("b"), A("x\n\n")],
    "same": [U("one"), A("one"), U("one"), A("one")],
    "markers": [U("ANSWER0"), A("ANSWER0"), U("ANSWER1"), A("ends in 0"), U("?"), A("0")],
}


def byte_level():
    t = tokenizers.Tokenizer(models.BPE())
    t.pre_tokenizer, t.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    t.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=380, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    return t


def metaspace():
    t = tokenizers.Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    extra = ["<unk>"] + SPECIAL + [f"<0x{b:02X}>" for b in range(256)]
    t.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=420, special_tokens=extra, show_progress=False))
    data = json.loads(t.to_str())  # bytes are tokens of the model, not special ones
    data["added_tokens"] = [a for a in data["added_tokens"] if not a["content"].startswith("<0x")]
    return tokenizers.Tokenizer.from_str(json.dumps(data))


shutil.rmtree(OUT, ignore_errors=True)
cases = []
for kind, make in {"byte-level": byte_level, "metaspace": metaspace}.items():
    tok = transformers.PreTrainedTokenizerFast(tokenizer_object=make(), bos_token="<s>", eos_token="</s>")
    tok.save_pretrained(OUT / kind)
    for name, template in TEMPLATES.items():
        plain = re.sub(r"{% (end)?generation %}", "", template)
        for conversation, messages in CONVERSATIONS.items():
            out = tok.apply_chat_template(messages, chat_template=template, tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
            ids, mask = list(out["input_ids"]), list(out["assistant_masks"])
            if name == "end-is-the-next-turn":  # the token that ends the turn is learned too: the next turn's, or </s> added at the end
                mask = [m or (i > 0 and mask[i - 1] == 1 and tok.convert_ids_to_tokens(ids[i]) in SPECIAL) for i, m in enumerate(mask)]
                ids, mask = ids + [tok.eos_token_id], mask + [1]
            assert sum(mask) > 0
            cases.append({"tokenizer": kind, "template": name, "conversation": conversation, "ids": ids, "mask": "".join("01"[int(m)] for m in mask)})
for extra in OUT.glob("*/chat_template.jinja"):
    extra.unlink()
data = {"templates": {n: {"marked": t, "plain": re.sub(r"{% (end)?generation %}", "", t)} for n, t in TEMPLATES.items()},
        "conversations": CONVERSATIONS, "cases": cases}
(OUT / "data.json").write_text(json.dumps(data, ensure_ascii=False, indent=0) + "\n")
origin = {"library": "transformers", "version": transformers.__version__, "command": "python tools/golden/data_render.py", "seed": 0,
          "tolerance": 0, "why": "ids and masks are equal or not"}
(OUT / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")
print(len(cases))

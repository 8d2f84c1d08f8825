"""Goldens learn_train/classify-*: transformers' ...ForSequenceClassification on tiny models, one for each problem, padded to one batch in
transformers' way, computed in float64: loss, gradients and scores. Texts may end in the padding token, which is then not read. And
learn_train/classify-peft: the folder that PEFT saves of a SEQ_CLS LoRA on the language model of classify-llama, with its scores.

python tools/golden/train_classify.py        (from the repository's root)
"""

import json
import pathlib
import shutil

import peft
import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForSequenceClassification

FOLDER = pathlib.Path("tests/golden/learn_train")
SEED, PAD, LENGTHS = 11, 2, [3, 17, 9, 2, 12, 25, 5, 8]
LLAMA = dict(vocab_size=47, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=40,
             max_position_embeddings=64)
GPT2 = dict(vocab_size=47, n_embd=32, n_layer=2, n_head=4, n_positions=48)
CASES = {
    "classify-llama": ("llama", LLAMA, "single_label_classification", ["no", "perhaps", "yes"]),
    "classify-qwen2": ("qwen2", dict(LLAMA, tie_word_embeddings=True), "multi_label_classification", ["a", "b", "c", "d"]),
    "classify-gpt2": ("gpt2", GPT2, "regression", ["LABEL_0"]),
}


def write_origin(folder, tolerance, why):
    origin = {"library": "transformers", "version": f"{transformers.__version__} (torch {torch.__version__.split('+')[0]}, peft {peft.__version__})",
              "command": "python tools/golden/train_classify.py", "seed": SEED, "tolerance": tolerance, "why": why}
    (folder / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")


def fresh(name):
    shutil.rmtree(FOLDER / name, ignore_errors=True)
    (FOLDER / name).mkdir(parents=True)
    return FOLDER / name


def texts():
    samples = [torch.randint(3, 47, (n,)).tolist() for n in LENGTHS]
    samples[1][-2:] = [PAD, PAD]  # ends in padding; none inside, whose embedding gets no gradient in transformers (padding_idx)
    width = max(LENGTHS)
    ids = torch.tensor([s + [PAD] * (width - len(s)) for s in samples])
    mask = torch.tensor([[1] * len(s) + [0] * (width - len(s)) for s in samples])
    return samples, ids, mask


def make(name, family, keys, problem, names):
    torch.manual_seed(SEED)
    config = AutoConfig.for_model(family, **keys, attn_implementation="eager", pad_token_id=PAD, problem_type=problem,
                                  id2label=dict(enumerate(names)), label2id={n: i for i, n in enumerate(names)})
    model = AutoModelForSequenceClassification.from_config(config).double().eval()
    for value in model.parameters():  # scores that differ
        value.data.mul_(3) if value.dim() > 1 else None
    arrays = {"weight." + key: value.detach().float().clone() for key, value in model.named_parameters()}
    model.load_state_dict({k[7:]: v.double() for k, v in arrays.items()}, strict=False)
    samples, ids, mask = texts()
    if problem == "single_label_classification":
        labels = torch.randint(0, len(names), (len(samples),))
    elif problem == "multi_label_classification":
        labels = torch.randint(0, 2, (len(samples), len(names))).double()
    else:
        labels = torch.randn(len(samples), 1).float().double()
    out = model(input_ids=ids, attention_mask=mask, labels=labels)
    out.loss.backward()
    arrays |= {"grad." + key: value.grad.float() for key, value in model.named_parameters()}
    arrays["scores"] = out.logits.detach().float()
    folder = fresh(name)
    save_file({k: v.contiguous() for k, v in arrays.items()}, folder / "data.safetensors")
    saved = json.loads(config.to_json_string(use_diff=True))
    saved["architectures"] = [type(model).__name__]
    (folder / "config.json").write_text(json.dumps(saved, indent=1) + "\n")
    (folder / "data.json").write_text(json.dumps({"samples": samples, "labels": labels.tolist(), "loss": out.loss.item()}) + "\n")
    write_origin(folder, {"loss": 1e-6, "gradient": 1e-4, "scores": 1e-5},
                 "f32 here, f64 there; the loss relative, a gradient and the scores by their largest difference over their largest value")
    return model


def make_peft(model):
    folder = fresh("classify-peft")
    torch.manual_seed(SEED + 1)
    model.name_or_path = model.config._name_or_path = ""
    config = peft.LoraConfig(task_type="SEQ_CLS", r=4, lora_alpha=8, target_modules=["q_proj", "down_proj"])
    adapted = peft.get_peft_model(model, config).double().eval()
    for key, value in adapted.named_parameters():
        if "lora_B" in key or "modules_to_save" in key:
            value.data.normal_(0, 0.2)
    state = peft.get_peft_model_state_dict(adapted)
    adapted.save_pretrained(folder)
    save_file({k: v.float().contiguous() for k, v in state.items()}, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    for value in adapted.parameters():
        value.data = value.data.float().double()
    samples, ids, mask = texts()
    scores = adapted(input_ids=ids, attention_mask=mask).logits.detach().float()
    save_file({"scores": scores.contiguous()}, folder / "data.safetensors")
    (folder / "data.json").write_text(json.dumps({"samples": samples}) + "\n")
    (folder / "README.md").unlink(missing_ok=True)
    write_origin(folder, {"scores": 1e-5}, "f32 here, f64 there; by the largest difference over the largest score")


models = {name: make(name, *case) for name, case in CASES.items()}
make_peft(models["classify-llama"])

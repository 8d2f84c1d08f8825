"""Tuning speed and memory against PyTorch eager with transformers and peft: the same model, samples and optimizer, interleaved, medians.

    python3 bench/tune_speed.py [--case sft-40m-f32 lora-0.5b-f32 ...] [--data alpaca.json] [--rounds 3] [--threads 2] [--tiny]

Needs torch, transformers, peft, tokenizers, safetensors (any environment), and bitsandbytes for qlora, which is left out without it; build/bin/athanor is
run as a user would run it. Both sides tune the same folder of random weights on the samples of --data (rows of instruction, input, output; default: the
file of that kind in $ATHANOR_DATA). The peer pads batches of 8 samples to their longest, Athanor packs as many into 4 rows of 512 (a sample has 253 tokens
there); padding does not count. Prints, for each case: useful
tokens per second of both, the ratio (median over rounds of paired runs), peak memory of both, and the part of the machine's matrix peak, measured in the
same run, that Athanor's useful tokens make. --tiny: a model of a moment, to see that it runs.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import matrix_work

ROOT = pathlib.Path(__file__).resolve().parent.parent
ATHANOR = ROOT / "build/bin/athanor"
LLAMA_40M = dict(model_type="llama", vocab_size=32000, hidden_size=512, num_hidden_layers=8, num_attention_heads=8, num_key_value_heads=4,
                 intermediate_size=1408, max_position_embeddings=512, tie_word_embeddings=True)
QWEN_05B = dict(model_type="qwen2", vocab_size=151936, hidden_size=896, num_hidden_layers=24, num_attention_heads=14, num_key_value_heads=2,
                intermediate_size=4864, max_position_embeddings=1024, tie_word_embeddings=True)
PROMPT = ("Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
          "### Instruction:\n{instruction}\n\n### Response:\n")
PROMPT_WITH_INPUT = ("Below is an instruction that describes a task, paired with an input that provides further context. Write a response that "
                     "appropriately completes the request.\n\n### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:\n")
TINY = dict(vocab_size=4096, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=128)
LORA = dict(r=8, alpha=16, targets=["q_proj", "v_proj"])
CASES = {
    "sft-40m-f32": dict(config=LLAMA_40M, batch=8, rows=4, length=512, steps=8, dtype="f32"),
    "sft-40m-bf16": dict(config=LLAMA_40M, batch=8, rows=4, length=512, steps=8, dtype="bf16"),
    "lora-0.5b-f32": dict(config=QWEN_05B, batch=8, rows=4, length=512, steps=3, dtype="f32", lora=LORA),
    "lora-0.5b-bf16": dict(config=QWEN_05B, batch=8, rows=4, length=512, steps=3, dtype="bf16", lora=LORA),
    "qlora-0.5b": dict(config=QWEN_05B, batch=8, rows=4, length=512, steps=3, dtype="f32", lora=LORA, nf4=True),
}


def case_of(name, tiny):
    case = dict(CASES[name])
    if tiny:
        case.update(config=dict(case["config"], **TINY), batch=2, rows=2, length=64, steps=4)
    return case


def make_model(case, folder):
    """A folder of random weights that both sides open. In bf16 where the case is, as such models are handed out."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM
    torch.manual_seed(0)
    keys = dict(case["config"])
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(keys.pop("model_type"), **keys, bos_token_id=None, eos_token_id=None))
    (model.bfloat16() if case["dtype"] == "bf16" else model.float()).save_pretrained(folder)


def peer_batches(case, folder):
    """As a tuning script makes them: samples in random order, padded to the longest of the batch, the prompt not learned."""
    import tokenizers
    import torch
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer/tokenizer.json"))
    rows = json.loads((folder / "rows.json").read_text())
    random.Random(0).shuffle(rows)
    for step in range(case["steps"]):
        samples = []
        for row in rows[step * case["batch"]:(step + 1) * case["batch"]]:
            prompt = tokenizer.encode(PROMPT_WITH_INPUT.format(**row) if row.get("input") else PROMPT.format(**row)).ids
            answer = tokenizer.encode(row["output"]).ids + [0]
            samples.append(((prompt + answer)[:case["length"]], ([-100] * len(prompt) + answer)[:case["length"]]))
        width = max(len(ids) for ids, _ in samples)
        yield (torch.tensor([ids + [0] * (width - len(ids)) for ids, _ in samples]),
               torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in samples]),
               torch.tensor([labels + [-100] * (width - len(labels)) for _, labels in samples]))


def peer(case, folder, threads):
    """One run of the PyTorch side, in this process: tokens per second (median step) and peak memory in MB. LoRA in bf16 holds the base in bf16
    and the adapter in f32, as peft does; full tuning in bf16 is autocast over f32 weights."""
    import torch
    from transformers import AutoModelForCausalLM
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    lora, bf16 = case.get("lora"), case["dtype"] == "bf16"
    options = dict(dtype=torch.bfloat16 if bf16 and lora else torch.float32)
    if case.get("nf4"):
        from transformers import BitsAndBytesConfig
        options["quantization_config"] = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
                                                            bnb_4bit_compute_dtype=torch.float32)
    model = AutoModelForCausalLM.from_pretrained(folder, **options).train()
    if lora:
        import peft
        model = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", r=lora["r"], lora_alpha=lora["alpha"], target_modules=lora["targets"]))
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=1e-4, fused=True)
    rates = []
    for ids, mask, labels in peer_batches(case, pathlib.Path(folder).parent):
        start = time.time()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        rates.append(mask.sum().item() / (time.time() - start))
    speed = statistics.median(rates[1:])
    print(json.dumps(dict(speed=speed, rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, learned=sum(p.numel() for p in learned))))


def run(command):
    """Runs a command and returns (stdout, peak memory in MB of that child)."""
    with tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, text=True)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            err.seek(0)
            sys.exit(f"{' '.join(map(str, command[:4]))} failed: {err.read().strip().splitlines()[-3:]}")
    return out, usage.ru_maxrss / 1024


def ours(case, folder, threads, number):
    """One run of `athanor train`: tokens per second (median step), peak memory in MB, and the part of the tokens that is learned."""
    recipe = dict(stage="sft", model=str(folder / "model"), tokenizer=str(folder / "tokenizer"), data=dict(train=[str(folder / "rows.json")], template="alpaca"),
                  train=dict(steps=case["steps"], batch=case["rows"], length=case["length"], lr=1e-4, dtype=case["dtype"], threads=threads, log_every=1))
    if case.get("lora"):
        recipe["adapter"] = dict(method="lora", **case["lora"], quantize="nf4" if case.get("nf4") else "none")
    (folder / "recipe.yaml").write_text(json.dumps(recipe))
    out = folder / f"out-{number}"
    _, rss = run([ATHANOR, "train", folder / "recipe.yaml", f"out={out}"])
    lines = [json.loads(line) for line in (out / "train.log").read_text().splitlines()]
    steps = [line for line in lines if "tokens_per_second" in line]
    report = json.loads(next((out / "data").glob("report-*.json")).read_text())
    useful = report["tokens"] * steps[-1]["epoch"] / steps[-1]["step"] / (case["rows"] * case["length"])  # of the positions of a step
    return statistics.median([line["tokens_per_second"] for line in steps][1:]) * min(useful, 1), rss, report["learned_tokens"] / report["tokens"]


def write_rows(data, folder):
    """The samples, and a tokenizer trained on their words."""
    rows = json.loads(pathlib.Path(data).read_text())
    (folder / "rows.json").write_text(json.dumps(rows))
    (folder / "words.txt").write_text("\n\n".join(row["instruction"] + "\n" + row["output"] for row in rows))
    run([ATHANOR, "train-tokenizer", folder / "words.txt", "--out", folder / "tokenizer", "--kind", "bpe", "--vocab-size", "4000"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--data", default=os.path.join(os.environ.get("ATHANOR_DATA", ""), "instructions/alpaca_en_demo.json"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--work", help="where models lie meanwhile (default: a temporary folder)")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--make", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.make:
        return make_model(case_of(args.case[0], args.tiny), args.make)
    if args.peer:
        return peer(case_of(args.case[0], args.tiny), args.peer, args.threads)
    if not pathlib.Path(args.data).is_file():
        sys.exit(f"{args.data}: no such file; --data names rows of instruction, input and output")
    for name in args.case:
        case = case_of(name, args.tiny)
        if case.get("nf4") and importlib.util.find_spec("bitsandbytes") is None:
            print(f"{name}: peer left out, no bitsandbytes here", flush=True)
        if case["dtype"] == "bf16" and "avx512_bf16" not in pathlib.Path("/proc/cpuinfo").read_text() and not args.tiny:
            print(f"{name}: left out, this processor has no bf16 products (a step takes PyTorch minutes)", flush=True)
            continue
        with tempfile.TemporaryDirectory(dir=args.work) as temporary:
            folder = pathlib.Path(temporary)
            tail = ["--case", name, "--threads", str(args.threads)] + (["--tiny"] if args.tiny else [])
            run([sys.executable, __file__, "--make", folder / "model", *tail])  # not here: a child's peak is never below its parent's size
            write_rows(args.data, folder)
            peak = matrix_work.measured_peak(case["dtype"], args.threads)
            theirs, mine = [], []
            for number in range(args.rounds):
                if not case.get("nf4") or importlib.util.find_spec("bitsandbytes"):
                    out, rss = run([sys.executable, __file__, "--peer", folder / "model", *tail])
                    theirs.append((json.loads(out.splitlines()[-1])["speed"], rss))
                mine.append(ours(case, folder, args.threads, number))
        speed, memory = statistics.median(x[0] for x in mine), max(x[1] for x in mine)
        fraction = speed * matrix_work.per_token(case["config"], case["length"] / 2, "lora" in case, mine[0][2]) / 1e9 / peak
        reached = f"{fraction:.0%} of {peak:.0f} GFLOP/s"
        if not theirs:
            print(f"{name}: {speed:.0f} useful tokens/s; memory {memory:.0f} MB; {reached}", flush=True)
            continue
        ratio = statistics.median(a[0] / b[0] for a, b in zip(mine, theirs))
        other, other_memory = statistics.median(x[0] for x in theirs), max(x[1] for x in theirs)
        print(f"{name}: {ratio:.2f}x peft ({speed:.0f} against {other:.0f} useful tokens/s); memory {memory / other_memory:.0%} ({memory:.0f} against "
              f"{other_memory:.0f} MB); {reached}", flush=True)


main()

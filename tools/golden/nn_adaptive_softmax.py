"""Golden learn_nn/adaptive-softmax: torch.nn.AdaptiveLogSoftmaxWithLoss in float64: the sum of losses, gradients of every weight and of the
hidden rows, log-probabilities and predictions.

python tools/golden/nn_adaptive_softmax.py        (from the repository's root)
"""

import json
import pathlib
import shutil

import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path("tests/golden/learn_nn/adaptive-softmax")
SEED, C, V, CUTOFFS, DIV = 3, 48, 97, [11, 30, 60], 2.0

torch.manual_seed(SEED)
head = torch.nn.AdaptiveLogSoftmaxWithLoss(C, V, CUTOFFS, div_value=DIV).double()
for value in head.parameters():
    value.data = (3 * value.data).float().double()
hidden = torch.randn(40, C).float().double().requires_grad_()
targets = torch.randint(0, V, (40,))
targets[:4] = torch.tensor([0, 10, 11, 96])  # the borders of clusters
targets[25:] = targets[25:] % 11             # frequent ones, as they should be
loss = -head(hidden, targets).output.sum()
loss.backward()
arrays = {"weight." + name: value.detach().float() for name, value in head.named_parameters()}
arrays |= {"grad." + name: value.grad.float() for name, value in head.named_parameters()}
arrays |= {"hidden": hidden.detach().float(), "grad.hidden": hidden.grad.float(), "log_prob": head.log_prob(hidden).detach().float()}
shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
save_file({name: value.contiguous() for name, value in arrays.items()}, FOLDER / "data.safetensors")
data = {"vocab": V, "cutoffs": CUTOFFS, "targets": targets.tolist(), "loss": loss.item(), "predictions": head.predict(hidden).tolist()}
(FOLDER / "data.json").write_text(json.dumps(data) + "\n")
origin = {
    "library": "torch",
    "version": torch.__version__.split("+")[0],
    "command": "python tools/golden/nn_adaptive_softmax.py",
    "seed": SEED,
    "tolerance": {"loss": 1e-6, "gradient": 1e-5, "log_prob": 1e-5},
    "why": "f32 here, f64 there; the loss relative, a gradient by its largest difference over its largest value, log-probabilities absolute",
}
(FOLDER / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")
